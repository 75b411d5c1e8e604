"""Operators without weights as files of their own: they run, and are read back as what they are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files

from edgehone.formats import _flatbuffer
from edgehone.formats._interpreter import open_interpreter
from edgehone.formats._tflite.entries import Entry, entries
from edgehone.formats._tflite.operators import KINDS, OVERHEAD
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import LayerSpec, PrecisionPlan

PLAIN = LayerSpec("add", 6, 5, 8, 8)
SPECS = {
    **{kind: replace(PLAIN, kind=kind) for kind in KINDS},
    "add": replace(PLAIN, relu=True),
    "concat": replace(PLAIN, kind="concat", out_channels=20),
    "max_pool": replace(PLAIN, kind="max_pool", kernel=(2, 3), strides=(2, 1), padding="valid"),
    "average_pool": replace(PLAIN, kind="average_pool", kernel=(3, 2), strides=(2, 2)),
    "pad": replace(PLAIN, kind="pad", kernel=(3, 1)),
    "resize_nearest": replace(PLAIN, kind="resize_nearest", kernel=(2, 2)),
    "resize_bilinear": replace(PLAIN, kind="resize_bilinear", kernel=(2, 3)),
    OVERHEAD: replace(PLAIN, kind=OVERHEAD, kernel=(4, 1)),
}


def computed(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    interpreter = open_interpreter(content)
    for port in interpreter.get_input_details():
        interpreter.set_tensor(port["index"], np.full(port["shape"], 1, port["dtype"]))
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


@pytest.mark.parametrize("precision", ["float32", "int8", "int16x8"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_operator_runs_alone_and_is_read_back(tmp_path: Path, kind: str, precision: str) -> None:
    content = TFLite().layer_model(SPECS[kind], precision)
    if isinstance(content, str):
        assert ("quantize" in kind and precision == "float32") or kind == "hard_swish"
        return
    assert np.isfinite(computed(content).astype(float)).all()
    if kind != OVERHEAD:
        file = tmp_path / "one.tflite"
        file.write_bytes(content)
        operator = _flatbuffer.read(file).operatorCodes[0]
        (found,) = entries(file)
        assert (found.spec, found.precision) == (SPECS[kind], precision)
        assert operator.builtinCode >= 0


def test_float_operators_compute_what_they_are_called_after() -> None:
    def of(kind: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        content = TFLite().layer_model(SPECS[kind], "float32")
        assert isinstance(content, bytes)
        return computed(content)

    assert of("add").ravel()[0] == 2
    assert of("concat").shape == (1, 6, 5, 20)
    assert of("max_pool").shape == (1, 3, 3, 8)
    assert of("average_pool").shape == (1, 3, 3, 8)
    assert of("mean").shape == (1, 8)
    assert of("pad").shape == (1, 9, 6, 8)
    assert of("resize_nearest").shape == (1, 12, 10, 8)
    assert of("resize_bilinear").shape == (1, 12, 15, 8)
    assert of("softmax").ravel()[0] == pytest.approx(1 / 8)
    assert of(OVERHEAD).ravel()[0] == 5  # the input, and four times added


def test_a_format_says_which_kinds_it_has_no_file_of() -> None:
    for form in (Onnx(), TFLite()):
        assert "sorting" in str(form.layer_model(replace(PLAIN, kind="sorting"), "int8"))


@pytest.mark.parametrize(
    "precision", ["float32", "float16", "dynamic8", "int8", "int16x8", "int8x4", "weights4"]
)
def test_a_file_is_the_entries_of_its_layers(tmp_path: Path, precision: str) -> None:
    file = tmp_path / "whole.tflite"
    source = tflite_files.float_file(tmp_path)
    TFLite().quantize(source, PrecisionPlan(precision), tflite_files.calibration(), file)
    found = {entry.spec: entry for entry in entries(file)}
    fallback = {"int8x4": "int8", "weights4": "float32"}.get(precision, precision)
    for spec in tflite_files.SPECS:
        expected = fallback if spec.kind == "depthwise" else precision
        assert found[spec] == Entry(tflite_files.OPERATORS[spec.kind], spec, expected)
