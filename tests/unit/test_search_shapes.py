"""What layers are predicted to take in a file is what repacked files of other widths differ by."""

from pathlib import Path

import numpy as np
import pytest
from tests.tflite_files import OPERATORS

from edgehone.formats._base import Calibration
from edgehone.formats._flatgraph import Graph
from edgehone.formats._tflite.layer import input_shape, kernel_shape, options, output_shape
from edgehone.formats.tflite import TFLite
from edgehone.precisions import named
from edgehone.search.shapes import file_bytes
from edgehone.values import LayerSpec, PrecisionPlan


def chain(width: int) -> tuple[LayerSpec, ...]:
    """Layers of one width, so that all share their zero points."""
    first = LayerSpec("conv", 8, 8, 3, width, (3, 3), relu=True)
    deep = LayerSpec("depthwise", 8, 8, width, width, (3, 3), relu=True)
    wide = LayerSpec("conv", 8, 8, width, width, (1, 1), relu=True)
    last = LayerSpec("conv", 8, 8, width, width, (1, 1))
    return (first, deep, wide, deep, last)


def size(folder: Path, width: int, precision: str) -> int:
    """Of the repacked file."""
    graph, random, specs = Graph(), np.random.default_rng(0), chain(width)
    tensor = source = graph.tensor("input", "FLOAT32", input_shape(specs[0]))
    for place, spec in enumerate(specs):
        shape, name = kernel_shape(spec), f"layer{place}"
        kernel = random.normal(0, 0.2, shape).astype(np.float32).tobytes()
        bias = random.normal(0, 0.2, spec.out_channels).astype(np.float32).tobytes()
        weights = graph.tensor(f"{name}:kernel", "FLOAT32", shape, data=kernel)
        biases = graph.tensor(f"{name}:bias", "FLOAT32", (spec.out_channels,), data=bias)
        result = graph.tensor(name, "FLOAT32", output_shape(spec))
        graph.operator(OPERATORS[spec.kind], [tensor, weights, biases], result, options(spec))
        tensor = result
    file, form = folder / "float.tflite", TFLite()
    file.write_bytes(graph.content([source], [tensor]))
    x = np.random.default_rng(1).random((8, 8, 8, 3)).astype(np.float32)
    made = folder / f"{precision}.tflite"
    form.quantize(file, PrecisionPlan(precision), Calibration((x,)), made)
    return len(form.repack(made.read_bytes()))


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic8", "int8", "int16x8"])
def test_files_grow_by_the_predicted_bytes(tmp_path: Path, precision: str) -> None:
    grown = size(tmp_path, 96, precision) - size(tmp_path, 48, precision)
    predicted = sum(file_bytes(s, precision) for s in chain(96)) - sum(
        file_bytes(s, precision) for s in chain(48)
    )
    zero_points = 0 if named(precision).float_weights else 8 * 48  # one vector for all layers
    assert grown == pytest.approx(predicted + zero_points, rel=0.01, abs=300)
