"""Models and data that any device can be benched with; made without a converter."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests import onnx_files, tiny_models


@dataclass(frozen=True)
class Bench:
    """A model with samples to judge it by."""

    model: Path
    data: Path


def litert(folder: Path, samples: int = 24) -> Bench:
    """A small net as a .tflite file; input (6, 6, 3), five classes."""
    return Bench(tiny_models.net(folder), _data(folder / "litert.npz", (samples, 6, 6, 3)))


def onnx(folder: Path, samples: int = 24) -> Bench:
    """A small net as a .onnx file; input (3, 6, 6), five classes."""
    return Bench(onnx_files.float_file(folder), _data(folder / "onnx.npz", (samples, 3, 6, 6)))


def wide(folder: Path, samples: int) -> Bench:
    """A dense layer whose data takes 24 bytes a sample and whose outputs 12."""
    return Bench(tiny_models.dense(folder), _data(folder / "wide.npz", (samples, 6), classes=3))


def hungry(folder: Path, size_bytes: int) -> Path:
    """A .onnx file of a few hundred bytes that needs so much memory while it runs."""
    from onnx import TensorProto, helper, numpy_helper

    side = int((size_bytes / 4) ** 0.5)
    shape = numpy_helper.from_array(np.array([side, side], np.int64), "shape")
    nodes = [
        helper.make_node("Expand", ["x", "shape"], ["large"]),
        helper.make_node("Exp", ["large"], ["larger"]),
        helper.make_node("ReduceSum", ["larger"], ["y"], keepdims=1),
    ]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "hungry", ports[:1], ports[1:], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "hungry.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _data(file: Path, shape: tuple[int, ...], classes: int = 5) -> Path:
    """Test samples of that shape, and as few others as a data set must have."""
    random, few = np.random.default_rng(11), 4 * classes
    np.savez(
        file,
        allow_pickle=False,
        x_test=random.random(shape).astype(np.float32),
        y_test=np.arange(shape[0]) % classes,
        x_train=random.random((few, *shape[1:])).astype(np.float32),
        y_train=np.arange(few) % classes,
    )
    return file
