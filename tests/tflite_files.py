"""A small float .tflite file for tests, put together without a converter."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone.formats._base import Calibration
from edgehone.formats._flatgraph import Graph
from edgehone.formats._tflite.layer import input_shape, kernel_shape, options, output_shape
from edgehone.values import LayerSpec

SPECS = (
    LayerSpec("conv", 6, 6, 3, 4, (3, 3), relu=True),
    LayerSpec("depthwise", 6, 6, 4, 4, (3, 3), relu=True),
    LayerSpec("dense", 1, 1, 144, 5),
)
"""A convolution, a depthwise one and a dense layer, each reading the one before."""

OPERATORS = {"conv": "CONV_2D", "depthwise": "DEPTHWISE_CONV_2D", "dense": "FULLY_CONNECTED"}
INPUT_SHAPE = (6, 6, 3)

FACTOR = 400.0
"""How much larger than the others an uneven net's largest channel is."""


def float_content(names: Sequence[str] = ("first", "middle", "last")) -> bytes:
    """The net of SPECS; layer i writes the tensor names[i]. Weights are seeded."""
    graph = Graph()
    random = np.random.default_rng(1)
    tensor = source = graph.tensor("input", "FLOAT32", input_shape(SPECS[0]))
    for name, spec in zip(names, SPECS, strict=True):
        shape = kernel_shape(spec)
        weights = random.normal(0, 0.3, shape).astype(np.float32)
        biases = random.normal(0, 0.3, spec.out_channels).astype(np.float32)
        kernel = graph.tensor(f"{name}:kernel", "FLOAT32", shape, data=weights.tobytes())
        bias = graph.tensor(f"{name}:bias", "FLOAT32", biases.shape, data=biases.tobytes())
        result = graph.tensor(name, "FLOAT32", output_shape(spec))
        graph.operator(OPERATORS[spec.kind], [tensor, kernel, bias], result, options(spec))
        tensor = result
    return graph.content([source], [tensor])


def float_file(folder: Path, names: Sequence[str] = ("first", "middle", "last")) -> Path:
    """The net of SPECS as a file in `folder`."""
    path = folder / "float.tflite"
    path.write_bytes(float_content(names))
    return path


def samples(n: int = 24) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Seeded inputs for the net, (n, 6, 6, 3) in [0, 1)."""
    return np.random.default_rng(2).random((n, *INPUT_SHAPE)).astype(np.float32)


def calibration(n: int = 24) -> Calibration:
    """`samples` as what ranges are taken from."""
    return Calibration((samples(n),))


def on_grid(content: bytes, bits: int) -> tuple[bytes, int]:
    """The same file with each kernel rounded to a grid per output channel, and how many kernels.

    The last weight of each channel is one step, so that the smallest distance is the step.
    """
    from edgehone.formats import _flatbuffer

    model = _flatbuffer.parse(content, "the float file")
    kernels = 0
    for tensor in model.subgraphs[0].tensors:
        kernel = _flatbuffer.float_constant(model, tensor)
        if kernel is None or kernel.ndim < 2:
            continue
        axis = 3 if _flatbuffer.tensor_name(tensor).startswith("middle") else 0
        channels = np.moveaxis(kernel, axis, 0).reshape(kernel.shape[axis], -1).copy()
        steps = np.abs(channels).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
        numbers = np.round(channels / steps)
        numbers[:, -1] = 1
        shape = np.moveaxis(kernel, axis, 0).shape
        rounded = np.moveaxis((numbers * steps).astype(np.float32).reshape(shape), 0, axis)
        data = np.ascontiguousarray(rounded).tobytes()
        model.buffers[tensor.buffer].data = np.frombuffer(data, np.uint8)
        kernels += 1
    return _flatbuffer.pack(model), kernels


def uneven(content: bytes) -> bytes:
    """The same net with one channel of "middle" FACTOR times as large, and what "last"
    makes of it as much smaller: ReLU lets both cancel, so that the function stays the same. Such
    channels are what 8 bits lose MobileNets over (Nagel et al. 2019, figure 2).
    """
    from edgehone.formats import _flatbuffer

    model = _flatbuffer.parse(content, "the float file")
    tensors = {_flatbuffer.tensor_name(t): t for t in model.subgraphs[0].tensors}
    for name, channel, factor in (
        ("middle:kernel", (..., 0), FACTOR),
        ("middle:bias", (0,), FACTOR),
        ("last:kernel", (slice(None), slice(0, None, 4)), 1 / FACTOR),
    ):
        found = _flatbuffer.float_constant(model, tensors[name])
        assert found is not None
        values = found.copy()
        values[channel] *= factor
        data = np.frombuffer(values.tobytes(), np.uint8)
        model.buffers[tensors[name].buffer].data = data
    return _flatbuffer.pack(model)


def free_batch(content: bytes) -> bytes:
    """The same net with batches of any size, as converters leave them."""
    from edgehone.formats import _flatbuffer

    model = _flatbuffer.parse(content, "the float file")
    for tensor in model.subgraphs[0].tensors:
        if not _flatbuffer.is_constant(model, tensor):
            tensor.shapeSignature = np.array([-1, *tensor.shape[1:]], np.int32)
    return _flatbuffer.pack(model)


def shifted(content: bytes, zero_points: tuple[int, int]) -> bytes:
    """An int8 file whose input and output have these zero points instead of 0."""
    from edgehone.formats import _flatbuffer

    model = _flatbuffer.parse(content, "the int8 file")
    graph = model.subgraphs[0]
    for place, zero_point in zip((graph.inputs[0], graph.outputs[0]), zero_points, strict=True):
        graph.tensors[place].quantization.zeroPoint = np.array([zero_point], np.int64)
    return _flatbuffer.pack(model)


def two_inputs() -> bytes:
    """The sum of two inputs of (2, 3)."""
    graph = Graph()
    sources = [graph.tensor(name, "FLOAT32", (2, 3)) for name in ("a", "b")]
    result = graph.tensor("sum", "FLOAT32", (2, 3))
    graph.operator("ADD", sources, result)
    return graph.content(sources, [result])


def alike(kind: str, shape: Sequence[int]) -> bytes:
    """One operator that answers with what it is given: a tensor "x" of a type and shape."""
    graph = Graph()
    source, result = (graph.tensor(name, kind, tuple(shape)) for name in ("x", "y"))
    graph.operator("RESHAPE" if kind == "STRING" else "RELU", [source], result)
    return graph.content([source], [result])
