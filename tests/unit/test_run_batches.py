"""Artifacts measured side by side on every device; one that is lost stops no other."""

import json
from pathlib import Path

import pytest
from tests import run_parts, tiny_models

from edgehone.errors import DeviceError
from edgehone.run.batches import entries_of, measure_batch, measure_candidates
from edgehone.run.context import RunContext
from edgehone.values import Artifact

NONSENSE = json.dumps({"answers": [{"stdout": "nonsense"}] * 9})


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return run_parts.context(tmp_path)


@pytest.fixture
def artifacts(tmp_path: Path) -> list[Artifact]:
    kinds = ("float32", "int8")
    return [tiny_models.artifact(tiny_models.dense(tmp_path, kind)) for kind in kinds]


@pytest.mark.slow
def test_every_artifact_is_measured_on_every_device(
    context: RunContext, artifacts: list[Artifact], tmp_path: Path
) -> None:
    devices = [run_parts.scripted(tmp_path, name) for name in ("a", "b", "c")]
    found = measure_batch(context, artifacts, devices, run_parts.OUTPUTS)
    assert [each.artifact for each in found.first] == artifacts
    assert {each.device.name for each in found.first} == {devices[0].name}
    assert len(found.elsewhere) == len(artifacts)
    for artifact, others in zip(artifacts, found.elsewhere, strict=True):
        assert [each.device.name for each in others] == [devices[1].name, devices[2].name]
        assert {each.artifact for each in others} == {artifact}
    assert found.lost == ()


def test_one_device_has_nothing_elsewhere(
    context: RunContext, artifacts: list[Artifact], tmp_path: Path
) -> None:
    found = measure_batch(
        context, artifacts, [run_parts.scripted(tmp_path, "a")], run_parts.OUTPUTS
    )
    assert found.elsewhere == ((), ())


@pytest.mark.slow
def test_a_lost_device_is_named_and_the_others_are_kept(
    context: RunContext, artifacts: list[Artifact], tmp_path: Path
) -> None:
    scripts = {"a": "{}", "b": NONSENSE, "c": "{}"}
    devices = [run_parts.scripted(tmp_path, name, text) for name, text in scripts.items()]
    found = measure_batch(context, artifacts, devices, run_parts.OUTPUTS)
    assert [each.device for each in found.lost] == [devices[1].name]
    assert isinstance(found.lost[0].error, DeviceError)
    assert [[m.device.name for m in others] for others in found.elsewhere] == [
        [devices[2].name]
    ] * len(artifacts)
    entries = entries_of(context, found, found.first[0], ["x", "y"])
    assert [(each.name, len(each.elsewhere)) for each in entries] == [("x", 1), ("y", 1)]


def test_without_its_first_device_a_batch_fails_after_the_others_were_kept(
    context: RunContext, artifacts: list[Artifact], tmp_path: Path
) -> None:
    devices = [run_parts.scripted(tmp_path, "a", NONSENSE), run_parts.scripted(tmp_path, "b")]
    with pytest.raises(DeviceError):
        measure_batch(context, artifacts, devices, run_parts.OUTPUTS)
    kept = context.store.measurements()
    assert {each["device"]["name"] for each in kept} == {devices[1].name}
    assert len(kept) == len(artifacts)


def test_a_batch_is_looked_up_when_all_it_depends_on_is_the_same(
    context: RunContext, artifacts: list[Artifact], tmp_path: Path
) -> None:
    device = run_parts.scripted(tmp_path, "a")
    first, again = (
        measure_batch(context, artifacts, [device], run_parts.OUTPUTS) for _ in range(2)
    )
    assert [each.latency for each in first.first] == [each.latency for each in again.first]
    assert len(context.store.measurements()) == len(artifacts)
    measure_batch(context, artifacts[:1], [device], run_parts.OUTPUTS)
    assert len(context.store.measurements()) == len(artifacts) + 1


def test_candidates_are_measured_beside_all_baselines_that_the_search_looks_at(
    context: RunContext, artifacts: list[Artifact]
) -> None:
    first = run_parts.state(context)
    found = measure_batch(context, artifacts[:1], first.devices, run_parts.OUTPUTS)
    baselines = entries_of(context, found, found.first[0], ["teacher float32"])
    start, batch = measure_candidates(run_parts.state(context, *baselines), artifacts[1:])
    assert start.artifact == artifacts[0]
    assert [each.artifact for each in batch.first] == artifacts[1:]


def test_a_part_of_a_batch_is_what_was_measured_of_some_artifacts(
    context: RunContext, artifacts: list[Artifact], tmp_path: Path
) -> None:
    found = measure_batch(
        context, artifacts, [run_parts.scripted(tmp_path, "a")], run_parts.OUTPUTS
    )
    parts = [found.part(0, 1), found.part(1, 1), found.part(2, 0)]
    assert [[m.artifact for m in each.first] for each in parts] == [[a] for a in artifacts] + [[]]
    assert all(len(each.elsewhere) == len(each.first) for each in parts)
    assert all(each.lost == found.lost for each in parts)
