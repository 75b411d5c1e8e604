"""The last tflite-runtime refuses what it would compute wrong; what slips through is found out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import old_runtime, tflite_files, tiny_models

from edgehone.actions.lone_files import artifact
from edgehone.errors import ExecutionError
from edgehone.formats import _flatbuffer
from edgehone.formats.tflite import TFLite
from edgehone.measure.device import resolve
from edgehone.measure.layer_costs import price
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.measure.protocol import measure
from edgehone.measure.recording import Recorder
from edgehone.values import Artifact, LayerSpec, Measurement, PrecisionPlan, Task

pytestmark = [pytest.mark.slow, pytest.mark.peer]

SHAPE = (9, 5)
RIGHT = ("float32", "float16", "int8", "int16x8")
REFUSED = ("dynamic8", "dynamic4", "weights4")


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where answers of the old runtime are recorded, which programs find from now on."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", old_runtime.search_path(folder))
    return tmp_path / "script.json"


def quantized(folder: Path, precision: str) -> Artifact:
    """The small net with float borders, repacked as the export stage does."""
    source, file, form = tflite_files.float_file(folder), folder / "net.tflite", TFLite()
    plan = PrecisionPlan(precision, io="float32" if precision.startswith("int") else "")
    form.quantize(source, plan, tflite_files.calibration(), file)
    file.write_bytes(form.repack(file.read_bytes()))
    return artifact(file)


def plan() -> MeasurePlan:
    shard = Shard(tflite_files.samples(SHAPE[0]), np.zeros(SHAPE, np.float32))
    return MeasurePlan({"test": shard}, Task("regression", "mse"), latency=False, memory=False)


def measured_there(found: Artifact, script: Path, monkeypatch: pytest.MonkeyPatch) -> Measurement:
    """The file on a device with the old runtime, compared with this machine."""
    device = replace(resolve("local"), recorder=Recorder())
    measure([found], device, plan())
    assert device.recorder is not None
    device.recorder.write(script)
    assert "tflite_runtime 2.14.0" in script.read_text()
    monkeypatch.delenv("PYTHONPATH")
    (measured,) = measure([found], resolve(f"local@scripted://{script}"), plan())
    return measured


@pytest.mark.parametrize("precision", RIGHT)
def test_what_the_old_runtime_knows_is_computed_alike(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    found = measured_there(quantized(tmp_path, precision), script, monkeypatch)
    assert found.verdict != "failed", found.reason
    assert "unlike" not in (found.host_parity or {})


@pytest.mark.parametrize("precision", REFUSED)
def test_what_the_old_runtime_would_compute_wrong_is_refused(
    tmp_path: Path, script: Path, precision: str
) -> None:
    with pytest.raises(ExecutionError, match=r"version|failed to prepare") as refused:
        measure([quantized(tmp_path, precision)], resolve("local"), plan())
    if precision.startswith("dynamic"):
        assert "too old" in (refused.value.hint or "")


def test_files_that_state_old_versions_fail_by_what_they_compute(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = quantized(tmp_path, "dynamic8")
    model = _flatbuffer.read(made.path)
    for code in model.operatorCodes:
        code.version = 1  # as litert-quantizer leaves them
    made.path.write_bytes(_flatbuffer.pack(model))
    found = measured_there(artifact(made.path), script, monkeypatch)
    assert (found.verdict, found.accuracy) == ("failed", None)
    assert "the same for every sample" in found.reason
    assert "tflite_runtime 2.14.0" in found.reason
    assert json.loads(script.read_text())["answers"]


def test_layers_that_the_old_runtime_refuses_have_no_price(tmp_path: Path, script: Path) -> None:
    spec = LayerSpec("dense", 1, 1, 32, 8)
    files = [tiny_models.layer(tmp_path, spec, name, name) for name in ("int8", "dynamic8")]
    known, unknown = price(files, resolve("local"), passes=1)
    assert known.cost is not None
    assert unknown.cost is None
    assert "version '12'" in unknown.error
