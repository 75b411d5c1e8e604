"""What a gate's measurements are looked up by."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import tiny_models

from edgehone.actions.gate.memory import Question, remembered
from edgehone.measure.device import Device, resolve
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.values import Task


@pytest.fixture
def question(tmp_path: Path) -> Question:
    artifact = tiny_models.artifact(tiny_models.dense(tmp_path))
    return Question(resolve("local"), (artifact,), MeasurePlan(blocks=3))


def shard(*, y: int = 0, scale: float = 1.0) -> Shard:
    return Shard(scale * np.ones((4, 6), np.float32), np.full(4, y))


def test_the_runtime_is_part_of_it(question: Question) -> None:
    """A new version of a runtime may be slower: what the old one took says nothing."""
    packages = question.device.installation.packages
    assert "ai-edge-litert" in packages
    found = Device(question.device.name, question.device.target, question.device.transport)
    newer = replace(question.device.installation, packages={**packages, "ai-edge-litert": "99"})
    found.__dict__["installation"] = newer
    assert replace(question, device=found).identity != question.identity


def test_all_that_changes_what_is_measured_is_part_of_it(question: Question) -> None:
    plan, artifact = question.plan, question.artifacts[0]
    others = [
        replace(question, plan=changed)
        for changed in (
            replace(plan, blocks=4),
            replace(plan, threads=2),
            replace(plan, memory=False),
            replace(plan, latency=False),
            replace(plan, minimum_s=0.5),
            replace(plan, seed=1),
            replace(plan, task=Task("regression", "mae")),
            replace(plan, baseline=artifact.sha256),
            replace(plan, shards={"test": shard()}),
            replace(plan, shards={"test": shard(y=1)}),
            replace(plan, shards={"test": shard(scale=2.0)}),
            replace(plan, shards={"test": replace(shard(), raw=True)}),
        )
    ]
    others.append(replace(question, artifacts=(replace(artifact, sha256="1" * 64),)))
    others.append(replace(question, artifacts=(artifact, artifact)))
    others.append(replace(question, device=resolve("arm-cpu@scripted://")))
    identities = [str(each.identity) for each in (question, *others)]
    assert len(set(identities)) == len(identities)


def test_where_a_file_lies_is_not(question: Question) -> None:
    moved = replace(question.artifacts[0], path=Path("elsewhere.tflite"))
    assert replace(question, artifacts=(moved,)).identity == question.identity


def test_nothing_is_found_where_there_is_no_store(question: Question, tmp_path: Path) -> None:
    assert remembered(tmp_path / "none", question) is None
    assert not (tmp_path / "none").exists()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "store.sqlite").write_bytes(b"no database" * 100)
    assert remembered(tmp_path / "damaged", question) is None
    question.remember(tmp_path / "damaged", [])
