"""Small nets of many shapes as float .tflite files, for what runs on microcontrollers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.formats._base import Calibration
from edgehone.formats._flatgraph import Graph
from edgehone.formats._tflite.layer import kernel_shape, options, output_shape
from edgehone.values import LayerSpec
from tests.tflite_files import OPERATORS


class Net:
    """A net that grows operator by operator; every method returns the tensor that it adds."""

    def __init__(self, shape: Sequence[int]) -> None:
        self.graph, self.random = Graph(), np.random.default_rng(1)
        self.shape = tuple(shape)
        self.source = self.graph.tensor("input", "FLOAT32", shape)
        self.channels = 0
        """That convolutions write."""
        self._count = 0

    def layer(self, source: int, spec: LayerSpec) -> int:
        """A layer with weights."""
        name = self._name(spec.kind)
        self.channels += spec.out_channels if spec.kind != "dense" else 0
        kernel = self._constant(f"{name}:kernel", kernel_shape(spec))
        bias = self._constant(f"{name}:bias", (spec.out_channels,))
        result = self.graph.tensor(name, "FLOAT32", output_shape(spec))
        reads = [source, kernel, bias]
        self.graph.operator(OPERATORS[spec.kind], reads, result, options(spec))
        return result

    def operator(
        self, kind: str, reads: Sequence[int], shape: Sequence[int], settings: Any = None
    ) -> int:
        """Any other operator."""
        result = self.graph.tensor(self._name(kind.lower()), "FLOAT32", shape)
        self.graph.operator(kind, reads, result, settings)
        return result

    def integers(self, values: Sequence[int]) -> int:
        """A constant of axes or sizes."""
        data = np.asarray(values, np.int32)
        return self.graph.tensor(self._name("ints"), "INT32", data.shape, data=data.tobytes())

    def content(self, result: int) -> bytes:
        """The file that computes `result`."""
        return self.graph.content([self.source], [result])

    def calibration(self) -> Calibration:
        """Seeded samples of its input."""
        return Calibration((self.random.random((8, *self.shape[1:])).astype(np.float32),))

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def _constant(self, name: str, shape: Sequence[int]) -> int:
        values = self.random.normal(0, 0.3, shape).astype(np.float32)
        return self.graph.tensor(name, "FLOAT32", shape, data=values.tobytes())


def convolutions() -> tuple[Net, int]:
    net = Net((1, 16, 16, 3))
    x = net.layer(net.source, LayerSpec("conv", 16, 16, 3, 8, (3, 3), (2, 2), relu=True))
    x = net.layer(x, LayerSpec("conv", 8, 8, 8, 16, (3, 3), (2, 2), relu=True))
    return net, net.layer(x, LayerSpec("conv", 4, 4, 16, 24, (1, 1), relu=True))


def separable() -> tuple[Net, int]:
    net = Net((1, 12, 12, 4))
    x = net.layer(net.source, LayerSpec("depthwise", 12, 12, 4, 4, (3, 3), relu=True))
    x = net.layer(x, LayerSpec("conv", 12, 12, 4, 16, (1, 1), relu=True))
    x = net.layer(x, LayerSpec("depthwise", 12, 12, 16, 16, (3, 3), (2, 2), relu=True))
    return net, net.layer(x, LayerSpec("conv", 6, 6, 16, 32, (1, 1), relu=True))


def dense() -> tuple[Net, int]:
    net = Net((1, 196))
    x = net.layer(net.source, LayerSpec("dense", 1, 1, 196, 48, relu=True))
    x = net.layer(x, LayerSpec("dense", 1, 1, 48, 48, relu=True))
    return net, softmax(net, net.layer(x, LayerSpec("dense", 1, 1, 48, 10)), (1, 10))


def residual() -> tuple[Net, int]:
    from ai_edge_litert import schema_py_generated as schema

    net = Net((1, 8, 8, 8))
    shape = (1, 8, 8, 8)
    x = net.layer(net.source, LayerSpec("conv", 8, 8, 8, 8, (3, 3), relu=True))
    y = net.layer(x, LayerSpec("conv", 8, 8, 8, 16, (3, 3), relu=True))
    y = net.layer(y, LayerSpec("conv", 8, 8, 16, 8, (3, 3)))
    x = net.operator("ADD", [x, y], shape, schema.AddOptionsT())
    return net, net.layer(x, LayerSpec("conv", 8, 8, 8, 12, (1, 1)))


def one_dimensional() -> tuple[Net, int]:
    net = Net((1, 1, 64, 4))
    x = net.layer(net.source, LayerSpec("conv", 1, 64, 4, 16, (1, 5), relu=True))
    x = net.layer(x, LayerSpec("conv", 1, 64, 16, 16, (1, 3), (1, 2), relu=True))
    x = net.operator("RESHAPE", [x, net.integers((1, 512))], (1, 512))
    return net, softmax(net, net.layer(x, LayerSpec("dense", 1, 1, 512, 6)), (1, 6))


def pooled() -> tuple[Net, int]:
    from ai_edge_litert import schema_py_generated as schema

    net = Net((1, 8, 8, 6))
    x = net.layer(net.source, LayerSpec("conv", 8, 8, 6, 10, (3, 3), relu=True))
    pool = schema.Pool2DOptionsT()
    pool.filterHeight = pool.filterWidth = pool.strideH = pool.strideW = 2
    x = net.operator("MAX_POOL_2D", [x], (1, 4, 4, 10), pool)
    mean = schema.ReducerOptionsT()
    x = net.operator("MEAN", [x, net.integers((1, 2))], (1, 10), mean)
    return net, softmax(net, net.layer(x, LayerSpec("dense", 1, 1, 10, 3)), (1, 3))


def branches() -> tuple[Net, int]:
    from ai_edge_litert import schema_py_generated as schema

    net = Net((1, 8, 8, 4))
    left = net.layer(net.source, LayerSpec("conv", 8, 8, 4, 6, (1, 1), relu=True))
    right = net.layer(net.source, LayerSpec("conv", 8, 8, 4, 10, (3, 3), relu=True))
    joined = schema.ConcatenationOptionsT()
    joined.axis = 3
    x = net.operator("CONCATENATION", [left, right], (1, 8, 8, 16), joined)
    return net, net.layer(x, LayerSpec("conv", 8, 8, 16, 5, (1, 1)))


def flattened() -> tuple[Net, int]:
    net = Net((1, 8, 8, 1))
    x = net.layer(net.source, LayerSpec("conv", 8, 8, 1, 16, (3, 3), relu=True))
    x = net.operator("RESHAPE", [x, net.integers((1, 1024))], (1, 1024))
    return net, net.layer(x, LayerSpec("dense", 1, 1, 1024, 2))


def softmax(net: Net, source: int, shape: Sequence[int]) -> int:
    """Probabilities of the last layer."""
    from ai_edge_litert import schema_py_generated as schema

    settings = schema.SoftmaxOptionsT()
    settings.beta = 1.0
    return net.operator("SOFTMAX", [source], shape, settings)


NETS = (convolutions, separable, dense, residual, one_dimensional, pooled, branches, flattened)
