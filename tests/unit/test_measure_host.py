"""A recorded device's outputs are held against what this machine computes for the same file."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import fake_runtime, qdq_files, tiny_models

from edgehone.actions.lone_files import artifact
from edgehone.cli.lost import failures
from edgehone.documents import measurement_json
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.measure.protocol import measure
from edgehone.measure.recording import Recorder
from edgehone.values import Artifact, LayerSpec, Measurement, Task

CONV = LayerSpec("conv", 8, 8, 8, 16, (3, 3))
pytestmark = pytest.mark.slow


@pytest.fixture
def net(tmp_path: Path) -> Artifact:
    """An int8 layer whose plain kernels round some outputs differently."""
    return artifact(tiny_models.layer(tmp_path, CONV, "int8", "conv"))


def plan() -> MeasurePlan:
    x = 3 * np.random.default_rng(0).normal(size=(8, 8, 8, 8)).astype(np.float32)
    shard = Shard(x, np.zeros((8, 8, 8, 16), np.float32))
    return MeasurePlan({"test": shard}, Task("regression", "mse"), latency=False, memory=False)


def recorded(artifacts: list[Artifact], script: Path, delegate: str = "xnnpack") -> Measurement:
    """Measure here and write down what was answered."""
    local = resolve("local")
    device = replace(local, recorder=Recorder(), target=replace(local.target, delegate=delegate))
    (found, *_) = measure(artifacts, device, plan())
    assert device.recorder is not None
    device.recorder.write(script)
    return found


def changed(script: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the only answer of a script."""
    rules = json.loads(script.read_text())
    change(rules["answers"][0])
    script.write_text(json.dumps(rules))


def parity(artifacts: list[Artifact], script: Path) -> Any:
    (found, *_) = measure(artifacts, resolve(f"local@scripted://{script}"), plan())
    return found.host_parity


def test_host_parity_is_not_asked_of_this_machine(net: Artifact, tmp_path: Path) -> None:
    assert recorded([net], tmp_path / "script.json").host_parity is None


def test_host_parity_finds_no_difference_in_the_same_outputs(net: Artifact, tmp_path: Path) -> None:
    recorded([net, net], tmp_path / "script.json")
    found = parity([net, net], tmp_path / "script.json")
    assert (found["n"], found["values"], found["different"]) == (8, 8 * 8 * 8 * 16, 0)
    assert "blame" not in found


def test_host_parity_knows_a_device_without_xnnpack(net: Artifact, tmp_path: Path) -> None:
    recorded([net], tmp_path / "script.json", delegate="none")
    found = parity([net], tmp_path / "script.json")
    assert found["different"] > 0
    assert (found["largest_steps"], found["blame"]) == (1, "delegate")


def nudged(answer: dict[str, Any], by: Any) -> None:
    """Add something to the recorded outputs."""
    ((name, content),) = answer["files"].items()
    outputs = np.load(io.BytesIO(base64.b64decode(content))) + by
    file = io.BytesIO()
    np.save(file, outputs.astype(np.float32))
    answer["files"][name] = base64.b64encode(file.getvalue()).decode()


def test_host_parity_counts_steps_and_blames_kernels(net: Artifact, tmp_path: Path) -> None:
    by = np.zeros((8, 8, 8, 16))
    by[3, 0, 0, :5] = 2 * (net.audit or {})["outputs"][0]["scale"]
    recorded([net], tmp_path / "script.json")
    changed(tmp_path / "script.json", lambda answer: nudged(answer, by))
    found = parity([net], tmp_path / "script.json")
    assert (found["different"], found["largest_steps"], found["blame"]) == (5, 2, "kernels")


def test_host_parity_names_another_version(net: Artifact, tmp_path: Path) -> None:
    def age(answer: dict[str, Any]) -> None:
        nudged(answer, (net.audit or {})["outputs"][0]["scale"])
        lines = [json.loads(line) for line in answer["stdout"].splitlines()]
        lines[0]["runtimes"]["litert"] = "tflite_runtime 2.14.0"
        answer["stdout"] = "".join(json.dumps(line) + "\n" for line in lines)

    recorded([net], tmp_path / "script.json")
    changed(tmp_path / "script.json", age)
    found = parity([net], tmp_path / "script.json")
    assert found["blame"] == "version"
    assert "tflite_runtime 2.14.0" in found["reason"]


def test_host_parity_is_skipped_when_this_machine_cannot_run_the_file(
    net: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded([net], tmp_path / "script.json")
    monkeypatch.setenv("PYTHONPATH", str(fake_runtime.uninstall(tmp_path)))
    assert parity([net], tmp_path / "script.json") == {
        "skipped": "this machine cannot run the file"
    }


def noise(folder: Path) -> Path:
    """A file that answers random numbers, drawn in a branch."""
    from onnx import TensorProto, helper, numpy_helper

    def branch(name: str) -> Any:
        node = helper.make_node("RandomNormalLike", ["x"], [name], dtype=TensorProto.FLOAT)
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 6])
        return helper.make_graph([node], name, [], [out])

    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 6]) for n in ("x", "y")]
    branches = {"then_branch": branch("a"), "else_branch": branch("b")}
    graph = helper.make_graph(
        [helper.make_node("If", ["yes"], ["y"], name="if", **branches)],
        *("net", ports[:1], ports[1:]),
        [numpy_helper.from_array(np.array(True), "yes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "noise.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def with_added(file: Path, by: float, size: float, script: Path) -> Measurement:
    """What is told of a device that answers as this machine did, with something added."""
    x = np.random.default_rng(0).normal(0, size, (12, 6)).astype(np.float32)
    wanted = MeasurePlan(
        {"test": Shard(x, x)}, Task("regression", "mse"), latency=False, memory=False
    )
    local = replace(resolve("local"), recorder=Recorder())
    measure([artifact(file)], local, wanted)
    assert local.recorder is not None
    local.recorder.write(script)
    changed(script, lambda answer: nudged(answer, by))
    (found, *_) = measure([artifact(file)], resolve(f"local@scripted://{script}"), wanted)
    return found


def test_a_file_that_differs_from_itself_here_is_no_other_function(tmp_path: Path) -> None:
    found = with_added(noise(tmp_path), 0.0, 1.0, tmp_path / "script.json")
    assert found.host_parity is not None
    assert found.host_parity["different"] > 0
    assert "unlike" not in found.host_parity
    assert found.verdict != "failed"


@pytest.mark.parametrize(("steps", "unlike"), [(2, False), (40, True)])
def test_rounding_is_forgiven_in_steps_of_a_file_with_float_borders(
    steps: int, *, unlike: bool, tmp_path: Path
) -> None:
    file = qdq_files.file(tmp_path, qdq_files.Case("Relu", (1, 6)))
    step = qdq_files.SCALE  # and all outputs are some steps
    found = with_added(file, steps * step, step, tmp_path / "script.json")
    assert found.host_parity is not None
    assert ("unlike" in found.host_parity) == unlike
    assert (found.verdict == "failed") == unlike
    if unlike:
        (line, hint), *_ = failures({"measurements": [measurement_json(found)]}).items()
        assert "signal to noise with this machine's" in line
        assert "round differently" not in line
        assert "Update onnxruntime on the device" in hint
