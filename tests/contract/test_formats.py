from itertools import product
from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files

from edgehone import variants
from edgehone.errors import ConversionError, ModelError
from edgehone.export._base import Format
from edgehone.values import PRECISIONS, BitPlan, LayerSpec

FORMATS = variants.names("edgehone.export", Format)
SPECS = (
    LayerSpec("conv", 8, 6, 3, 4, (3, 3), (2, 2), "valid"),
    LayerSpec("conv", 1, 9, 3, 4, (1, 3), relu=True),
    LayerSpec("depthwise", 6, 6, 4, 4, (3, 3)),
    LayerSpec("dense", 1, 1, 12, 5, relu=True),
)


def formed(name: str) -> Format:
    return variants.load("edgehone.export", Format, name)()


def test_formats_are_the_folder() -> None:
    assert FORMATS == ["onnx", "tflite"]


@pytest.mark.parametrize("name", FORMATS)
def test_format_says_its_suffix_and_precisions(name: str) -> None:
    form = formed(name)
    assert f".{name}" == form.SUFFIX
    assert set(form.PRECISIONS) <= set(PRECISIONS)
    assert {"float32", "int8"} <= set(form.PRECISIONS)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("spec", "precision"), list(product(SPECS, PRECISIONS)))
def test_layer_model_is_a_file_its_audit_can_read_or_a_reason(
    tmp_path: Path, name: str, spec: LayerSpec, precision: str
) -> None:
    form = formed(name)
    content = form.layer_model(spec, precision)
    if isinstance(content, str):
        assert content
        assert precision not in ("float32", "int8")
        return
    file = tmp_path / f"layer{form.SUFFIX}"
    file.write_bytes(content)
    found = form.audit(file)
    assert found["format"] == name
    assert found["integer_only"] == (precision in ("int8", "int8x4", "int16x8"))
    weights = sum(layer["weight_bytes"] for layer in found["layers"])
    assert 0 < weights < found["size_bytes"] == len(content)


@pytest.mark.parametrize("name", FORMATS)
def test_format_refuses_an_unknown_default_precision(tmp_path: Path, name: str) -> None:
    source = tflite_files.float_file(tmp_path)
    with pytest.raises(ConversionError, match="float12") as caught:
        formed(name).quantize(
            source, BitPlan("float12"), tflite_files.samples(), tmp_path / f"out.{name}"
        )
    assert caught.value.hint


@pytest.mark.parametrize("name", FORMATS)
def test_format_refuses_a_damaged_float_file_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    source = tmp_path / f"float.{name}"
    source.write_bytes(b"\x08\x07garbage" * 50)
    with pytest.raises(ModelError):
        formed(name).quantize(source, BitPlan(), tflite_files.samples(), tmp_path / f"out.{name}")
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", FORMATS)
def test_layer_among_others_converts_at_its_borders_and_runs(tmp_path: Path, name: str) -> None:
    form = formed(name)
    spec = LayerSpec("conv", 8, 8, 8, 16, (3, 3), relu=True)
    content = form.layer_model(spec, "float32", "int8")
    assert isinstance(content, bytes)
    file = tmp_path / f"layer{form.SUFFIX}"
    file.write_bytes(content)
    found = form.audit(file)
    borders = {border["dtype"] for border in [*found["inputs"], *found["outputs"]]}
    assert borders <= {"int8", "uint8"}
    conv = [layer for layer in found["layers"] if layer["operator"].lower().startswith("conv")]
    assert ["float32" in layer["types"] for layer in conv] == [True]
    assert _runs(file)


def _runs(file: Path) -> bool:
    """Whether the runtime of the file's kind takes it and computes something."""
    if file.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        given = session.get_inputs()[0]
        result = session.run(None, {given.name: np.ones(given.shape, np.uint8)})[0]
        return bool(np.ptp(result) >= 0)
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    interpreter.invoke()
    return bool(interpreter.get_output_details())
