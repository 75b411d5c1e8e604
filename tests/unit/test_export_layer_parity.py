import math
from pathlib import Path

import numpy as np
import pytest
from tests import onnx_files, tflite_files

from edgehone.errors import ExecutionError
from edgehone.export.divergence import divergence
from edgehone.export.layer_parity import layer_snr
from edgehone.formats import _flatbuffer
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.precisions import named
from edgehone.values import PrecisionPlan


def tflite(folder: Path, plan: PrecisionPlan) -> tuple[Path, Path]:
    source, file = tflite_files.float_file(folder), folder / "made.tflite"
    TFLite().quantize(source, plan, tflite_files.calibration(), file)
    return source, file


def with_other_kernel(source: Path, name: str, factor: float) -> Path:
    """The float file with one kernel multiplied."""
    model = _flatbuffer.read(source)
    for tensor in model.subgraphs[0].tensors:
        if _flatbuffer.tensor_name(tensor) == name:
            values = _flatbuffer.float_constant(model, tensor)
            assert values is not None
            data = np.frombuffer((values * factor).astype(np.float32).tobytes(), np.uint8)
            model.buffers[tensor.buffer].data = data
    file = source.with_name("other.tflite")
    file.write_bytes(_flatbuffer.pack(model))
    return file


def test_layers_of_equal_files_have_no_error(tmp_path: Path) -> None:
    source, file = tflite(tmp_path, PrecisionPlan("float32"))
    found = layer_snr(source, file, (tflite_files.samples(3),))
    assert list(found) == ["first", "middle", "last"]
    assert set(found.values()) == {math.inf}


def test_layer_snr_is_what_the_layers_own_values_give(tmp_path: Path) -> None:
    """A last layer of weights a tenth too large: its error is a tenth of what the weights add."""
    source = tflite_files.float_file(tmp_path)
    file = with_other_kernel(source, "last:kernel", 1.1)
    found = layer_snr(source, file, (tflite_files.samples(5),))
    assert found["first"] == found["middle"] == math.inf
    from edgehone.export.execution import outputs

    x = tflite_files.samples(5)
    reference, computed = outputs(source, x), outputs(file, x)
    expected = 10 * np.log10((reference**2).sum() / ((computed - reference) ** 2).sum())
    assert found["last"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("precision", ["int8", "dynamic8", "float16", "int16x8"])
def test_every_precision_keeps_its_layers_within_the_bound(tmp_path: Path, precision: str) -> None:
    source, file = tflite(tmp_path, PrecisionPlan(precision))
    found = divergence(source, file, (tflite_files.samples(),), precision)
    assert found["first_divergence"] is None
    assert list(found["layers_db"]) == ["first", "middle", "last"]
    assert all(named(precision).bound_db < value < 100 for value in found["layers_db"].values())


def test_divergence_names_the_first_layer_that_leaves(tmp_path: Path) -> None:
    source = tflite_files.float_file(tmp_path)
    file = with_other_kernel(source, "middle:kernel", 3.0)
    found = divergence(source, file, (tflite_files.samples(),), "int8")
    assert found["layers_db"]["first"] is None
    assert found["first_divergence"]["layer"] == "middle"
    assert found["first_divergence"]["snr_db"] < found["bound_db"] == named("int8").bound_db


def test_layer_that_stays_float_has_less_error_than_when_quantized(tmp_path: Path) -> None:
    samples = (tflite_files.samples(),)
    whole = layer_snr(*tflite(tmp_path, PrecisionPlan("int8")), samples)
    mixed = layer_snr(*tflite(tmp_path, PrecisionPlan("int8", {"middle": "float32"})), samples)
    assert mixed["middle"] > whole["middle"]


@pytest.mark.parametrize("precision", ["int8", "dynamic8"])
def test_layers_of_onnx_files_are_compared_too(tmp_path: Path, precision: str) -> None:
    source, file = onnx_files.float_file(tmp_path), tmp_path / "made.onnx"
    calibration = onnx_files.calibration()
    Onnx().quantize(source, PrecisionPlan(precision), calibration, file)
    found = layer_snr(source, file, calibration.samples)
    assert len(found) >= 2
    assert all(value > 10 for value in found.values())
    assert any(math.isfinite(value) for value in found.values())


def test_layers_that_cannot_be_compared_are_told_as_such(tmp_path: Path) -> None:
    source, file = tflite(tmp_path, PrecisionPlan("int8"))
    wrong = (np.zeros((2, 5, 5, 3), np.float32),)
    with pytest.raises(ExecutionError, match=r"made\.tflite"):
        layer_snr(source, file, wrong)
    found = divergence(source, file, wrong, "int8")
    assert found["layers_db"] is None
    assert "made.tflite" in found["reason"]
