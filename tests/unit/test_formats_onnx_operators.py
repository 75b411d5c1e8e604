"""Operators without weights as .onnx files of their own: they run, and compute what they say."""

from dataclasses import replace

import numpy as np
import pytest

from edgehone.formats._onnx.operators import KINDS, OVERHEAD
from edgehone.formats.onnx import Onnx
from edgehone.values import LayerSpec

PLAIN = LayerSpec("add", 6, 5, 8, 8)
SPECS = {
    **{kind: replace(PLAIN, kind=kind) for kind in KINDS},
    "add": replace(PLAIN, relu=True),
    "concat": replace(PLAIN, kind="concat", out_channels=20),
    "max_pool": replace(PLAIN, kind="max_pool", kernel=(2, 3), strides=(2, 1), padding="valid"),
    "average_pool": replace(PLAIN, kind="average_pool", kernel=(3, 2), strides=(2, 2)),
    "pad": replace(PLAIN, kind="pad", kernel=(3, 1)),
    "softmax": replace(PLAIN, kind="softmax", height=1, width=1),
    OVERHEAD: replace(PLAIN, kind=OVERHEAD, kernel=(4, 1)),
}
SHAPES = {
    "concat": (1, 20, 6, 5),
    "max_pool": (1, 8, 3, 3),
    "average_pool": (1, 8, 3, 3),
    "mean": (1, 8, 1, 1),
    "pad": (1, 8, 9, 6),
    "softmax": (1, 8),
}


def computed(kind: str, precision: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    import onnxruntime

    content = Onnx().layer_model(SPECS[kind], precision)
    assert isinstance(content, bytes), content
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    fed = {}
    for port in session.get_inputs():
        integers = port.type == "tensor(uint8)"
        dtype, value = (np.uint8, 144) if integers else (np.float32, 0.125)
        fed[port.name] = np.full(port.shape, value, dtype)
    (found,) = session.run(None, fed)
    return np.asarray(found)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if "quantize" not in kind])
def test_an_operator_runs_alone(kind: str, precision: str) -> None:
    found = computed(kind, precision)
    assert found.shape == SHAPES.get(kind, (1, 8, 6, 5))
    assert (found.dtype == np.uint8) == (precision == "int8")
    sums = {"add": 0.25, "mul": 0.125**2, OVERHEAD: 5 * 0.125, "softmax": 1 / 8}
    if kind in sums:
        value = (
            found.ravel()[0] if precision == "float32" else (float(found.ravel()[0]) - 128) / 128
        )
        assert value == pytest.approx(sums[kind], abs=1 / 128)


def test_borders_convert_and_float_files_have_none() -> None:
    assert computed("quantize", "int8").dtype == np.uint8
    assert computed("dequantize", "int8").ravel()[0] == pytest.approx(0.125)
    assert "float values" in str(Onnx().layer_model(SPECS["quantize"], "float32"))
