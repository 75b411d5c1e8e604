"""A small float .tflite file for tests, put together without a converter."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone.export._flatgraph import Graph
from edgehone.export._tflite_layer import input_shape, kernel_shape, options, output_shape
from edgehone.values import LayerSpec

SPECS = (
    LayerSpec("conv", 6, 6, 3, 4, (3, 3), relu=True),
    LayerSpec("depthwise", 6, 6, 4, 4, (3, 3), relu=True),
    LayerSpec("dense", 1, 1, 144, 5),
)
"""A convolution, a depthwise one and a dense layer, each reading the one before."""

OPERATORS = {"conv": "CONV_2D", "depthwise": "DEPTHWISE_CONV_2D", "dense": "FULLY_CONNECTED"}
INPUT_SHAPE = (6, 6, 3)


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
