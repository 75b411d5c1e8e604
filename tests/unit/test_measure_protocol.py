"""Measuring real files on this machine: complete, interleaved, honest about what fails."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tests import fake_runtime, tiny_models

from edgehone.errors import DeviceError, ExecutionError
from edgehone.export.execution import outputs
from edgehone.formats.onnx import Onnx
from edgehone.measure.comparison import compare
from edgehone.measure.device import resolve
from edgehone.measure.layer_costs import Price, price
from edgehone.measure.protocol import (
    MeasurePlan,
    Shard,
    failed,
    measure,
    measure_until,
    rotated,
)
from edgehone.values import Event, LayerSpec, Measurement

QUICK = MeasurePlan(blocks=2, warmup_s=0.001, minimum_s=0.004, minimum_count=15)
DENSE = LayerSpec("dense", 1, 1, 6, 3)


def onnx_file(folder: Path) -> Path:
    content = Onnx().layer_model(DENSE, "float32")
    assert isinstance(content, bytes), content
    path = folder / "dense.onnx"
    path.write_bytes(content)
    return path


def measured(paths: list[Path], plan: MeasurePlan = QUICK) -> list[Measurement]:
    artifacts = [tiny_models.artifact(path) for path in paths]
    return measure(artifacts, resolve("local"), plan)


@pytest.mark.slow
def test_measure_gives_every_number_of_every_file_in_order(tmp_path: Path) -> None:
    paths = [tiny_models.dense(tmp_path), tiny_models.dense(tmp_path, "int8"), onnx_file(tmp_path)]
    events: list[Event] = []
    artifacts = [tiny_models.artifact(path) for path in paths]
    found = measure(artifacts, resolve("local"), QUICK, events.append)
    assert [m.artifact.path for m in found] == paths
    for measurement in found:
        assert measurement.latency is not None
        blocks = len(measurement.latency.blocks_ms)
        assert blocks == 2 or "rejected" in measurement.conditions
        assert all(len(block) >= 15 for block in measurement.latency.blocks_ms)
        assert len(measurement.latency.cold_ms) == len(measurement.latency.init_ms) == blocks
        assert measurement.memory is not None
        assert measurement.memory.process > measurement.memory.peak >= measurement.memory.model
        assert len(measurement.conditions["reference_ms"]) == blocks
        assert measurement.conditions["fastest_reference_ms"] > 0
        assert measurement.host_parity is None
        assert measurement.accuracy is None
        assert measurement.verdict in ("valid", "noisy", "contended", "throttled")
        assert not failed(measurement)
    assert found[0].runtime.name == "litert"
    assert found[0].runtime.version.startswith("ai_edge_litert ")
    assert found[2].runtime.version == f"onnxruntime {onnxruntime.__version__}"
    assert events[-1].done == events[-1].total >= 3 * 3


def test_measure_judges_outputs_against_targets_teacher_and_baseline(tmp_path: Path) -> None:
    path, other = tiny_models.net(tmp_path), tiny_models.net(tmp_path)
    x = np.random.default_rng(0).random((30, 6, 6, 3)).astype(np.float32)
    expected = outputs(path, x)
    y = expected.argmax(axis=1)
    assert len(set(y.tolist())) > 1
    wrong = (y + 1) % 5
    shards = {"test": Shard(x, y, teacher=expected), "validation": Shard(x[:9], wrong[:9])}
    baseline = tiny_models.artifact(path).sha256
    plan = MeasurePlan(shards=shards, latency=False, memory=False, baseline=baseline)
    found = measured([path, other], plan)[1]
    assert found.latency is None
    assert found.memory is None
    assert found.accuracy is not None
    assert (found.accuracy.value, found.accuracy.n, found.accuracy.agreement) == (1.0, 30, 1.0)
    assert found.accuracy.drop == 0.0
    assert found.validation is not None
    assert (found.validation.value, found.validation.n) == (0.0, 9)


def test_measure_goes_on_without_a_file_that_fails(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(tiny_models.net(tmp_path).read_bytes()[:300])
    bad, good = measured([broken, tiny_models.dense(tmp_path)])
    assert failed(bad)
    assert bad.latency is None
    assert bad.memory is None
    assert bad.verdict == "failed"
    assert "Flatbuffer" in bad.reason
    assert good.latency is not None


def test_measure_raises_when_nothing_can_be_run(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ExecutionError, match=r"broken\.onnx") as caught:
        measured([broken])
    assert caught.value.exit_code == 5
    assert caught.value.hint


def test_measure_blames_the_device_for_a_missing_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_models.net(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(fake_runtime.uninstall(tmp_path)))
    with pytest.raises(DeviceError, match="cannot be loaded") as caught:
        measured([path])
    assert "pip install" in caught.value.hint


def test_measure_of_nothing_is_nothing() -> None:
    assert measure([], resolve("local"), QUICK) == []


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_rotated_gives_each_item_each_place_equally_often(count: int) -> None:
    orders = [rotated(range(count), turn) for turn in range(2 * count)]
    assert all(sorted(order) == list(range(count)) for order in orders)
    for place in range(count):
        assert set(Counter(order[place] for order in orders).values()) == {2}


@pytest.mark.slow
def test_compare_tells_a_big_layer_from_a_small_one(tmp_path: Path) -> None:
    small = tiny_models.artifact(tiny_models.dense(tmp_path))
    spec = LayerSpec("dense", 1, 1, 1024, 2048)
    big = tiny_models.artifact(tiny_models.layer(tmp_path, spec, "float32", "big"))
    found = compare(big, small, resolve("local"), replace(QUICK, blocks=12))
    calm = {"valid", "noisy"}.issuperset(each.verdict for each in found.measurements)
    assert found.verdict == ("slower" if calm else "inconclusive")
    assert found.ci95[0] > 1
    assert found.ci95[0] <= found.ratio <= found.ci95[1]
    assert 6 <= found.pairs <= 12


@pytest.mark.slow
def test_compare_raises_for_a_file_that_fails(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    good = tiny_models.artifact(tiny_models.dense(tmp_path))
    with pytest.raises(ExecutionError, match=r"broken\.tflite"):
        compare(good, tiny_models.artifact(broken), resolve("local"), QUICK)


def test_compare_concludes_nothing_from_an_emulated_device(tmp_path: Path) -> None:
    a, b = (tiny_models.artifact(tiny_models.dense(tmp_path, p)) for p in ("float32", "int8"))
    found = compare(a, b, resolve("local@scripted://"), MeasurePlan())
    assert (found.verdict, found.pairs) == ("inconclusive", 12)
    assert "emulated" in found.reason


def test_price_keeps_order_and_tells_which_file_failed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    big = tiny_models.layer(tmp_path, LayerSpec("dense", 1, 1, 512, 1024), "float32", "big")
    files = [big, broken, onnx_file(tmp_path), tiny_models.dense(tmp_path)]
    found = price(files, resolve("local"))
    assert [entry.path for entry in found] == files
    assert [bool(entry.error) for entry in found] == [False, True, False, False]
    assert found[1].p50_ms is None
    big_ms, small_ms = found[0].p50_ms, found[3].p50_ms
    assert big_ms is not None
    assert small_ms is not None
    assert big_ms > 3 * small_ms
    assert len(found[0].passes_ms) == 3


def test_price_is_that_of_the_least_disturbed_pass() -> None:
    found = Price(Path("a.tflite"), (0.4, 0.2, 0.3))
    assert found.p50_ms == 0.2
    assert found.spread == pytest.approx(1.0)


def test_price_of_nothing_is_nothing() -> None:
    assert price([], resolve("local")) == []


def test_measure_until_looks_again_until_it_is_decided(tmp_path: Path) -> None:
    files = [tiny_models.artifact(tiny_models.dense(tmp_path, p)) for p in ("float32", "int8")]
    seen: list[int] = []

    def decided(found: list[Measurement]) -> bool:
        assert len(found) == 2
        assert found[0].latency is not None
        seen.append(len(found[0].latency.blocks_ms))
        return len(seen) == 3

    device, plan = resolve("local@scripted://"), MeasurePlan(blocks=2, memory=False)
    found = measure_until(files, device, plan, (4, 6, 8), decided)
    assert seen == [2, 4, 6]
    for each in found:
        assert each.conditions["rounds"] == list(range(6))
        assert len(each.conditions["load1"]) == 6


def test_measure_until_ends_with_its_looks(tmp_path: Path) -> None:
    file = tiny_models.artifact(tiny_models.dense(tmp_path))
    plan = MeasurePlan(blocks=2, memory=False)
    (found,) = measure_until([file], resolve("local@scripted://"), plan, (3,), lambda _: False)
    assert found.conditions["rounds"] == [0, 1, 2]
    assert measure_until([], resolve("local@scripted://"), plan, (3,), lambda _: False) == []
