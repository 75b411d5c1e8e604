"""Instruction counts and outputs of Arm kernels, on a real QEMU with the real runtimes."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import needs, onnx_files, small_project, tflite_files, tiny_models

from edgehone.cli.app import main
from edgehone.config import load
from edgehone.devices.qemu import padded
from edgehone.export.execution import outputs
from edgehone.formats.tflite import TFLite
from edgehone.measure.device import Device, resolve
from edgehone.measure.exchange import ask, put, runtime_for
from edgehone.measure.layer_costs import price
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.measure.protocol import measure
from edgehone.run import loop
from edgehone.store import Store
from edgehone.system.places import user_cache
from edgehone.values import LayerSpec, PrecisionPlan, Task

pytestmark = [pytest.mark.peer, pytest.mark.slow]

CONV = LayerSpec("conv", 8, 8, 16, 24, (3, 3), relu=True)
A72, A76 = "arm-emulated", "arm-emulated@qemu://cortex-a76"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for all: the device fits itself with the first request."""
    needs.program("qemu-aarch64")
    needs.program("aarch64-linux-gnu-gcc")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def conv(tmp_path: Path) -> dict[str, Path]:
    """One convolution in two precisions."""
    return {p: tiny_models.layer(tmp_path, CONV, p, f"conv-{p}") for p in ("int8", "float32")}


def counts(device: Device, file: Path, *, runs: int = 5, seed: int = 0) -> list[int]:
    job = {"id": "0", "kind": "instructions", "runtime": runtime_for(file).RUNTIME, "runs": runs}
    model = put(device, file, "models")
    answer = ask(device, [{**job, "model": model}], threads=1, seed=seed).jobs["0"]
    assert "error" not in answer, answer
    return [int(count) for count in answer["instructions"]]


def bench(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_counts_are_equal_for_every_inference_process_and_input(
    conv: dict[str, Path], precision: str
) -> None:
    device = resolve(A72)
    many = counts(device, conv[precision], runs=64)
    assert len(many) == 64
    assert len(set(many)) == 1
    again = counts(device, conv[precision]) + counts(device, conv[precision], seed=7)
    assert set(again) == set(many)


def test_counts_of_onnx_runtime_are_equal_wherever_the_cache_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = onnx_files.float_file(tmp_path)
    many = counts(resolve(A72), file, runs=16)
    home = user_cache("devices") / "qemu-cortex-a72"
    (folder,) = home.glob("folder*")
    for place in ("x", "another, long name"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))
        there = user_cache("devices") / home.name
        shutil.copytree(folder, there / padded("folder", there))
        many += counts(resolve(A72), file, runs=16)
    assert len(set(many)) == 1


def test_dot_products_of_a_newer_cpu_show_in_int8(conv: dict[str, Path]) -> None:
    older, newer = ({p: counts(resolve(n), f)[0] for p, f in conv.items()} for n in (A72, A76))
    assert newer["int8"] < 0.7 * older["int8"]
    assert newer["float32"] == pytest.approx(older["float32"], rel=0.1)


def test_layers_are_priced_in_what_the_whole_model_is_counted_in(conv: dict[str, Path]) -> None:
    device = resolve(A72)
    damaged = conv["int8"].with_name("damaged.tflite")
    damaged.write_bytes(b"no model")
    found = price([conv["int8"], damaged, conv["float32"]], device)
    assert found[1].error
    for each in (found[0], found[2]):
        assert each.cost == pytest.approx(counts(device, each.path)[0], rel=0.01)


def test_int8_outputs_are_exactly_this_machines(tmp_path: Path) -> None:
    file = tmp_path / "int8.tflite"
    source = tflite_files.float_file(tmp_path)
    TFLite().quantize(source, PrecisionPlan("int8"), tflite_files.calibration(), file)
    x = tflite_files.samples(16)
    assert outputs(file, x).std(axis=0).min() > 0
    plan = MeasurePlan(
        {"test": Shard(x, np.zeros((16, 5), np.float32))}, Task("regression", "mse"), latency=False
    )
    artifact = replace(tiny_models.artifact(file), precision="int8")
    (found,) = measure([artifact], resolve(A72), plan)
    assert found.accuracy is not None
    assert found.accuracy.value > 0
    assert found.host_parity is not None
    assert (found.host_parity["n"], found.host_parity["different"]) == (16, 0)
    assert (found.verdict, found.memory, found.latency) == ("emulated", None, None)
    assert found.instructions == found.conditions["instructions"][0]


def test_gate_passes_at_the_limit_and_fails_one_below(
    conv: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exact = counts(resolve(A72), conv["int8"])[0]
    budgets = tmp_path / "budgets.toml"
    for limit, code in ((exact, 0), (exact - 1, 1)):
        budgets.write_text(f'[[budget]]\nmetric = "instructions"\nmax = {limit}\n')
        found, value = bench(capsys, "gate", str(budgets), str(conv["int8"]), "--on", A72)
        assert (found, value["checks"][0]["value"]) == (code, exact)
        assert value["measurements"][0]["latency_ms"] is None


def test_no_gate_takes_emulated_time_for_latency(
    conv: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = tmp_path / "budgets.toml"
    budgets.write_text('[[budget]]\nmetric = "latency_p50_ms"\nmax = "60 s"\n')
    code, value = bench(capsys, "gate", str(budgets), str(conv["int8"]), "--on", A72)
    assert (code, value["checks"][0]["verdict"]) == (3, "inconclusive")
    assert "emulated" in value["checks"][0]["reason"]


def test_bench_tells_instructions_and_labels_its_times(
    conv: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(conv["int8"]), "--on", A76]) == 0
    text = capsys.readouterr().out
    assert "instructions" in text
    assert "emulated" in text
    assert "no device's latency" in text


def test_run_minimizes_instructions(tmp_path: Path) -> None:
    project = small_project.write(tmp_path, rounds=1)
    text = project.read_text().replace('minimize = "size_bytes"', 'minimize = "instructions"')
    text = text.replace("[measure]", 'techniques = ["prune_channels"]\n[measure]')
    project.write_text(text.replace("blocks = 2\nminimum_s = 0.01", "blocks = 1"))
    found = loop.run(load(project), store=Store(tmp_path / "runs"), on=[A72]).to_json()
    candidate, baseline = found["candidates"][0], found["baseline"]
    assert candidate["measurement"]["instructions"] < 0.8 * baseline["instructions"]
    assert candidate["measurement"]["host_parity"]["labels_different"] == 0
    assert candidate["predicted_latency_ms"] is None
    assert found["rounds"][0]["target"] > 0
    assert found["winner"]["instructions"] <= candidate["measurement"]["instructions"]
