from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ConversionError
from edgehone.export.audit import audit
from edgehone.export.execution import outputs
from edgehone.export.onnx import Onnx
from edgehone.export.parity import parity
from edgehone.values import BitPlan, Plain


def float_file(folder: Path) -> Path:
    """Conv "stem" with its ReLU, a Reshape, then Gemm "head"; nodes named as exported ones are."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(3)
    arrays: dict[str, Any] = {
        "w1": random.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32),
        "b1": random.normal(0, 0.3, 4).astype(np.float32),
        "shape": np.array([1, 144], np.int64),
        "w2": random.normal(0, 0.3, (144, 5)).astype(np.float32),
        "b2": random.normal(0, 0.3, 5).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c"], name="stem", auto_pad="SAME_UPPER"),
        helper.make_node("Relu", ["c"], ["r"], name="stem/Relu"),
        helper.make_node("Reshape", ["r", "shape"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], name="head"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "float.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def samples(n: int = 16) -> Any:
    return np.random.default_rng(4).random((n, 3, 6, 6)).astype(np.float32)


def quantized(folder: Path, plan: BitPlan) -> tuple[Path, Plain]:
    destination = folder / "quantized.onnx"
    notes = Onnx().quantize(float_file(folder), plan, samples(), destination)
    return destination, notes


@pytest.mark.parametrize("precision", Onnx.PRECISIONS)
def test_quantize_writes_every_precision_and_it_computes_the_same(
    tmp_path: Path, precision: str
) -> None:
    file, notes = quantized(tmp_path, BitPlan(precision))
    reference = outputs(float_file(tmp_path), samples())
    assert reference.std(axis=0).min() > 0.01
    snr_db = parity(reference, outputs(file, samples()), True)["snr_db"]
    assert snr_db is None if precision == "float32" else snr_db > 25
    assert notes == {"refused": {}}


def test_quantize_to_int8_leaves_no_layer_float(tmp_path: Path) -> None:
    found = audit(quantized(tmp_path, BitPlan("int8"))[0])
    types = {layer["name"]: layer["types"] for layer in found["layers"]}
    assert types["stem"] == types["head"] == ["uint8", "int8", "uint8"]
    assert found["float_layers"] == []
    assert [border["dtype"] for border in found["inputs"]] == ["float32"]


@pytest.mark.parametrize(("layer", "other"), [("stem", "head"), ("head", "stem")])
def test_quantize_keeps_the_named_layer_float_and_no_other(
    tmp_path: Path, layer: str, other: str
) -> None:
    found = audit(quantized(tmp_path, BitPlan("int8", {layer: "float32"}))[0])
    types = {entry["name"]: entry["types"] for entry in found["layers"]}
    assert types[layer][1] == "float32"
    assert types[other][1] == "int8"
    floats = {entry["name"] for entry in found["float_layers"]}
    assert layer in floats
    assert other not in floats


def test_quantize_refuses_other_precisions_with_reasons(tmp_path: Path) -> None:
    plan = BitPlan("int8", {"head": "int8x4", "nowhere": "float32", "stem": "int8"})
    _, notes = quantized(tmp_path, plan)
    assert set(notes["refused"]) == {"head", "nowhere"}
    for precision in ("float16", "int16x8"):
        with pytest.raises(ConversionError, match=precision):
            quantized(tmp_path, BitPlan(precision))


def test_quantize_without_samples_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="calibration"):
        Onnx().quantize(float_file(tmp_path), BitPlan(), samples(0), tmp_path / "o.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["float.onnx"]
