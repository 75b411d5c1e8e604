"""A small float .onnx file for tests, put together without a converter."""

from pathlib import Path
from typing import Any

import numpy as np

from edgehone.formats._base import Calibration


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


def linear(path: Path, takes: int, answers: int) -> Path:
    """One MatMul of ones."""
    return _multiplied("MatMul", np.ones((takes, answers), np.float32), path)


def not_numbers(path: Path) -> Path:
    """Six numbers that are multiplied by NaN."""
    return _multiplied("Mul", np.full((1, 6), np.nan, np.float32), path)


def _multiplied(kind: str, factor: Any, path: Path) -> Path:
    from onnx import TensorProto, helper, numpy_helper

    takes, answers = factor.shape if kind == "MatMul" else factor.shape[1:] * 2
    graph = helper.make_graph(
        [helper.make_node(kind, ["x", "w"], ["y"], name="net")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, takes])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, answers])],
        [numpy_helper.from_array(factor, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return path


def free_batch(path: Path) -> Path:
    """Take the size of the batch out of a file of `float_file`, as exporters do."""
    import onnx

    model = onnx.load(path)
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.shape.dim[0].dim_param = "batch"
    path.write_bytes(model.SerializeToString())
    return path


def fixed_batch(folder: Path, size: int) -> Path:
    """A file of `float_file` that takes `size` samples at once."""
    import onnx

    path = folder / "batch.onnx"
    model = onnx.load(float_file(folder))
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.shape.dim[0].dim_value = size
    for array in model.graph.initializer:
        if array.name == "shape":
            array.CopyFrom(onnx.numpy_helper.from_array(np.array([size, 144]), "shape"))
    path.write_bytes(model.SerializeToString())
    return path


def big_file(folder: Path) -> Path:
    """One Gemm of 8 MB."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(5).normal(0, 0.1, (1024, 2048)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w"], ["y"])],
        "big",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1024])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2048])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "big.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def two_inputs(folder: Path) -> Path:
    """The sum of two inputs of (2, 3)."""
    from onnx import TensorProto, helper

    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in ("a", "b", "y")
    ]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["y"])], "sum", ports[:2], ports[2:]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "two.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def samples(n: int = 16) -> Any:
    """Seeded inputs for the net, (n, 3, 6, 6) in [0, 1)."""
    return np.random.default_rng(4).random((n, 3, 6, 6)).astype(np.float32)


def calibration(n: int = 16) -> Calibration:
    """`samples` as what ranges are taken from."""
    return Calibration((samples(n),))


def reshaped(path: Path) -> Path:
    """An int8 file as exported ones of one-channel images are: Reshape "a/Reshape" of the float
    input, then a quantized Gemm "a" between QuantizeLinear and DequantizeLinear.
    """
    from onnx import TensorProto, helper, numpy_helper

    arrays: dict[str, Any] = {
        "shape": np.array([1, 4], np.int64),
        "scale": np.float32(0.1),
        "zero": np.uint8(128),
        "w": np.ones((4, 2), np.int8),
        "w_scale": np.float32(0.5),
        "w_zero": np.int8(0),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["r"], name="a/Reshape"),
        helper.make_node("QuantizeLinear", ["r", "scale", "zero"], ["q"], name="q"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"], name="d"),
        helper.make_node("DequantizeLinear", ["w", "w_scale", "w_zero"], ["wd"], name="wd"),
        helper.make_node("Gemm", ["d", "wd"], ["g"], name="a"),
        helper.make_node("QuantizeLinear", ["g", "scale", "zero"], ["gq"], name="gq"),
        helper.make_node("DequantizeLinear", ["gq", "scale", "zero"], ["y"], name="y"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 2, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return path
