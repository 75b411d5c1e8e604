from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files

from edgehone import precisions
from edgehone.formats._audit import audit
from edgehone.formats._base import random_weights
from edgehone.formats._interpreter import open_interpreter
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import LayerSpec, PrecisionPlan

ODD = (
    LayerSpec("conv", 7, 5, 3, 7, (3, 1), (2, 1), "valid"),
    LayerSpec("conv", 1, 9, 5, 3, (1, 3), (1, 2), relu=True),
    LayerSpec("depthwise", 5, 5, 3, 3, (3, 3), (2, 2)),
    LayerSpec("dense", 1, 1, 9, 3, relu=True),
)


@pytest.mark.parametrize("precision", precisions.names())
def test_layer_model_has_the_types_of_the_same_operator_in_a_whole_model(
    tmp_path: Path, precision: str
) -> None:
    whole, alone = tmp_path / "whole.tflite", tmp_path / "alone.tflite"
    source = tflite_files.float_file(tmp_path)
    TFLite().quantize(source, PrecisionPlan(precision), tflite_files.calibration(), whole)
    layers = {layer["name"]: layer for layer in audit(whole)["layers"]}
    for name, spec in zip(("first", "middle", "last"), tflite_files.SPECS, strict=True):
        content = TFLite().layer_model(spec, precision)
        if isinstance(content, str):
            assert (spec.kind, precision[-1]) == ("depthwise", "4")
            continue
        alone.write_bytes(content)
        (found,) = [layer for layer in audit(alone)["layers"] if layer["name"] == "out"]
        for key in ("operator", "types", "weight_bytes"):
            assert found[key] == layers[name][key]


@pytest.mark.parametrize("precision", precisions.names())
@pytest.mark.parametrize("spec", ODD)
def test_layer_model_runs_and_computes_something(spec: LayerSpec, precision: str) -> None:
    content = TFLite().layer_model(spec, precision)
    if isinstance(content, str):
        assert "4-bit" in content
        return
    interpreter = open_interpreter(content)
    (source,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    value = 0.01 if source["dtype"] == np.float32 else 1
    interpreter.set_tensor(source["index"], np.full(source["shape"], value, source["dtype"]))
    interpreter.invoke()
    computed = interpreter.get_tensor(result["index"])
    assert np.isfinite(computed).all()
    assert computed.any()
    assert computed.shape[-1] == spec.out_channels


def test_layer_model_of_float_weights_computes_the_layer() -> None:
    spec = LayerSpec("dense", 1, 1, 4, 2)
    content = TFLite().layer_model(spec, "float32")
    assert isinstance(content, bytes)
    interpreter = open_interpreter(content)
    x = np.array([[1, -2, 3, 0.5]], np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    computed = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    expected = x @ random_weights((2, 4)).T + random_weights((2,))
    np.testing.assert_allclose(computed, expected, rtol=1e-5)


def test_layer_model_names_an_unknown_precision() -> None:
    assert "int7" in str(TFLite().layer_model(ODD[0], "int7"))
    assert "weights4" in str(Onnx().layer_model(ODD[0], "weights4"))


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("spec", ODD)
def test_onnx_layer_model_runs_in_its_precision(
    tmp_path: Path, spec: LayerSpec, precision: str
) -> None:
    import onnxruntime

    content = Onnx().layer_model(spec, precision)
    assert isinstance(content, bytes)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    dtype = np.uint8 if precision == "int8" else np.float32
    (computed,) = session.run(None, {source.name: np.full(source.shape, 131, dtype)})
    assert computed.any()
    file = tmp_path / "layer.onnx"
    file.write_bytes(content)
    floats = {layer["operator"] for layer in audit(file)["float_layers"]}
    assert bool(floats) == (precision == "float32")
    assert audit(file)["integer_only"] == (precision == "int8")
