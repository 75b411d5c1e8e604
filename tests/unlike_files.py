"""Small float files for tests with numbers that integers of 8 bits cannot hold."""

from pathlib import Path
from typing import Any

import numpy as np

from edgehone.formats._flatgraph import Graph

KNOWN, COLUMNS = 3000, 4
"""Identifiers of the embedding, and how many a sample has."""

RANGES = ((5000.0, 5000.0), (0.2, 0.5))
"""Scale and offset of the two columns of `two_ranges`."""


def identifiers(n: int = 80) -> Any:
    """(n, 4) identifiers in float32, below 3000."""
    found = np.random.default_rng(4).integers(0, KNOWN, (n, COLUMNS))
    return found.astype(np.float32)


def _weights() -> dict[str, Any]:
    random = np.random.default_rng(3)
    return {
        "table": random.normal(size=(KNOWN, 2)).astype(np.float32),
        "deep": random.normal(size=(3, 2 * COLUMNS)).astype(np.float32),
        "wide": (random.normal(size=(3, COLUMNS)) / KNOWN).astype(np.float32),
    }


def counted_tflite(folder: Path) -> Path:
    """Identifiers that an embedding reads, and a dense layer as numbers; the sum of both."""
    from ai_edge_litert import schema_py_generated as schema

    graph, arrays = Graph(), _weights()
    held = {
        name: graph.tensor(name, "FLOAT32", array.shape, data=array.tobytes())
        for name, array in arrays.items()
    }
    shape = np.array([1, 2 * COLUMNS], np.int32)
    laid = graph.tensor("shape", "INT32", (2,), data=shape.tobytes())
    source = graph.tensor("ids", "FLOAT32", (1, COLUMNS))
    whole = graph.tensor("embedding/CAST", "INT32", (1, COLUMNS))
    found = graph.tensor("embedding", "FLOAT32", (1, COLUMNS, 2))
    flat = graph.tensor("flatten", "FLOAT32", (1, 2 * COLUMNS))
    graph.operator("CAST", [source], whole)
    graph.operator("GATHER", [held["table"], whole], found, schema.GatherOptionsT())
    graph.operator("RESHAPE", [found, laid], flat)
    results = []
    for name, read in (("deep", flat), ("wide", source)):
        results.append(graph.tensor(f"{name}_layer", "FLOAT32", (1, 3)))
        options = schema.FullyConnectedOptionsT()
        graph.operator("FULLY_CONNECTED", [read, held[name], -1], results[-1], options)
    out = graph.tensor("sum", "FLOAT32", (1, 3))
    graph.operator("ADD", results, out, schema.AddOptionsT())
    path = folder / "counted.tflite"
    path.write_bytes(graph.content([source], [out]))
    return path


def counted_onnx(folder: Path) -> Path:
    """The same in ONNX."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Cast", ["ids"], ["whole"], name="embedding/Cast", to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "whole"], ["found"], name="embedding"),
        helper.make_node("Reshape", ["found", "shape"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "deep"], ["a"], name="deep_layer", transB=1),
        helper.make_node("Gemm", ["ids", "wide"], ["b"], name="wide_layer", transB=1),
        helper.make_node("Add", ["a", "b"], ["sum"], name="sum"),
    ]
    arrays = {**_weights(), "shape": np.array([1, 2 * COLUMNS], np.int64)}
    return _onnx(folder / "counted.onnx", nodes, arrays, ("ids", COLUMNS), ("sum", 3))


def mixed_onnx(folder: Path) -> Path:
    """A table of which two columns are identifiers and two are numbers, cut in two."""
    from onnx import TensorProto, helper

    cut, arrays = [], _weights()
    for name, start, end in (("left", 0, 2), ("right", 2, 4)):
        arrays |= {f"{name}_from": np.array([start]), f"{name}_to": np.array([end])}
        reads = ["ids", f"{name}_from", f"{name}_to", "axes"]
        cut.append(helper.make_node("Slice", reads, [name], name=f"#{name}/Slice"))
    arrays |= {"axes": np.array([1]), "shape": np.array([1, 4])}
    arrays |= {"deep": arrays["deep"][:, :4], "wide": arrays["wide"][:, :2] * KNOWN}
    nodes = [
        *cut,
        helper.make_node("Cast", ["left"], ["whole"], name="embedding/Cast", to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "whole"], ["found"], name="embedding"),
        helper.make_node("Reshape", ["found", "shape"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "deep"], ["a"], name="deep_layer", transB=1),
        helper.make_node("Gemm", ["right", "wide"], ["b"], name="wide_layer", transB=1),
        helper.make_node("Add", ["a", "b"], ["sum"], name="sum"),
    ]
    return _onnx(folder / "mixed.onnx", nodes, arrays, ("ids", COLUMNS), ("sum", 3))


def mixed_samples(n: int = 80) -> Any:
    """Two columns of identifiers, two of normal numbers."""
    numbers = np.random.default_rng(5).normal(size=(n, 2))
    return np.concatenate([identifiers(n)[:, :2], numbers], 1).astype(np.float32)


def _ends(times: float = 1.0) -> dict[str, Any]:
    random = np.random.default_rng(7)
    scales, offsets = np.array(RANGES).T * times
    return {
        "first": random.normal(0, 0.5, (16, 6)).astype(np.float32),
        "last": (random.normal(0, 0.25, (2, 16)) * scales[:, None]).astype(np.float32),
        "bias": offsets.astype(np.float32),
    }


def numbers(n: int = 80) -> Any:
    """(n, 6) normal numbers."""
    return np.random.default_rng(6).normal(size=(n, 6)).astype(np.float32)


def two_ranges_tflite(folder: Path, times: float = 1.0) -> Path:
    """Two dense layers; the two columns of the result are of the RANGES, so many times."""
    from ai_edge_litert import schema_py_generated as schema

    graph, arrays = Graph(), _ends(times)
    held = {
        name: graph.tensor(name, "FLOAT32", array.shape, data=array.tobytes())
        for name, array in arrays.items()
    }
    source = graph.tensor("x", "FLOAT32", (1, 6))
    hidden = graph.tensor("hidden", "FLOAT32", (1, 16))
    out = graph.tensor("pair", "FLOAT32", (1, 2))
    relu = schema.FullyConnectedOptionsT()
    relu.fusedActivationFunction = 1
    graph.operator("FULLY_CONNECTED", [source, held["first"], -1], hidden, relu)
    plain = schema.FullyConnectedOptionsT()
    graph.operator("FULLY_CONNECTED", [hidden, held["last"], held["bias"]], out, plain)
    path = folder / "pair.tflite"
    path.write_bytes(graph.content([source], [out]))
    return path


def two_ranges_onnx(folder: Path) -> Path:
    """The same in ONNX."""
    from onnx import helper

    nodes = [
        helper.make_node("Gemm", ["x", "first"], ["h"], name="hidden", transB=1),
        helper.make_node("Relu", ["h"], ["r"], name="hidden/Relu"),
        helper.make_node("Gemm", ["r", "last", "bias"], ["pair"], name="pair", transB=1),
    ]
    return _onnx(folder / "pair.onnx", nodes, _ends(), ("x", 6), ("pair", 2))


def steps_onnx(
    path: Path, steps: list[Any], arrays: dict[str, Any], source: Any, result: Any
) -> Path:
    """A file of steps (kind, what it reads, what it writes, name[, attributes]) one after another;
    source, result: name and size of the input, and of the output.
    """
    from onnx import helper

    nodes = [
        helper.make_node(kind, reads, [writes], name=name, **(more[0] if more else {}))
        for kind, reads, writes, name, *more in steps
    ]
    return _onnx(path, nodes, arrays, source, result)


def _onnx(path: Path, nodes: list[Any], arrays: dict[str, Any], source: Any, result: Any) -> Path:
    from onnx import TensorProto, helper, numpy_helper

    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in (source, result)
    ]
    held = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return path
