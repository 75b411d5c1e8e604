"""Files whose inputs are indices, counts or sizes, put together without a converter."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone.formats._flatgraph import Graph


def table_file(folder: Path, rows: int = 300, shift: int | None = None, name: str = "") -> Path:
    """A table that five identifiers, or those less `shift`, are looked up in."""
    from ai_edge_litert import schema_py_generated as schema

    graph = Graph()
    source = ids = graph.tensor("ids", "INT32", (1, 5))
    if shift is not None:
        less = graph.tensor("less", "INT32", (1,), data=np.array([shift], np.int32).tobytes())
        ids = graph.tensor("shifted", "INT32", (1, 5))
        graph.operator("SUB", [source, less], ids, schema.SubOptionsT())
    values = np.arange(rows * 4, dtype=np.float32)
    table = graph.tensor("table", "FLOAT32", (rows, 4), data=values.tobytes())
    result = graph.tensor("result", "FLOAT32", (1, 5, 4))
    options = schema.GatherOptionsT()
    options.axis = 0
    graph.operator("GATHER", [table, ids], result, options)
    return _written(folder / f"{name or 'table'}.tflite", graph, [source], [result])


def squared_ids_file(folder: Path) -> Path:
    """Identifiers whose square, less 1, is looked up: 0 is none, and no one can see that."""
    from ai_edge_litert import schema_py_generated as schema

    graph = Graph()
    source = graph.tensor("ids", "INT32", (1, 5))
    less = graph.tensor("less", "INT32", (1,), data=np.array([1], np.int32).tobytes())
    square, ids = (graph.tensor(name, "INT32", (1, 5)) for name in ("square", "shifted"))
    graph.operator("MUL", [source, source], square, schema.MulOptionsT())
    graph.operator("SUB", [square, less], ids, schema.SubOptionsT())
    table = graph.tensor("table", "FLOAT32", (9, 3), data=np.eye(9, 3, dtype=np.float32).tobytes())
    found, result = (graph.tensor(name, "FLOAT32", (1, 5, 3)) for name in ("found", "result"))
    graph.operator("GATHER", [table, ids], found, schema.GatherOptionsT())
    graph.operator("RELU", [found], result)
    return _written(folder / "squared.tflite", graph, [source], [result])


def slice_file(folder: Path) -> Path:
    """A slice whose start and size are inputs."""
    graph = Graph()
    x, y = (graph.tensor(name, "FLOAT32", (1, 6, 4)) for name in ("x", "y"))
    begin, size = (graph.tensor(name, "INT32", (3,)) for name in ("begin", "size"))
    graph.operator("SLICE", [x, begin, size], y)
    return _written(folder / "slice.tflite", graph, [x, begin, size], [y])


def _written(path: Path, graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Path:
    path.write_bytes(graph.content(inputs, outputs))
    return path


def onnx_file(path: Path, *, loop: bool = False) -> Path:
    """Identifiers of a table of 300 rows, a count of results, and the ends of a slice; with
    `loop`, the identifiers are looked up inside of one that runs as often as an input says.
    """
    from onnx import TensorProto, helper, numpy_helper

    ports = {"ids": [1, 5], "k": [1], "ends": [2], "times": []}
    sources = [helper.make_tensor_value_info(n, TensorProto.INT64, s) for n, s in ports.items()]
    constants = {
        "table": np.ones((300, 4), np.float32),
        "starts": np.zeros(2, np.int64),
        "axes": np.array([1, 2], np.int64),
        "true": np.array(True),
    }
    looked_up = helper.make_node("Gather", ["table", "ids"], ["rows"], axis=0)
    inner = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["go"]),
            helper.make_node("Gather", ["table", "ids"], ["inner_rows"], axis=0),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        ],
        [
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("inner_rows", TensorProto.FLOAT, [1, 5, 4]),
        ],
    )
    looping = [
        helper.make_node("Loop", ["times", "true"], ["turns"], body=inner),
        helper.make_node("ReduceMax", ["turns"], ["rows"], axes=[0], keepdims=0),
    ]
    nodes = [
        *(looping if loop else [looked_up]),
        helper.make_node("TopK", ["rows", "k"], ["most", "places"], axis=1),
        helper.make_node("Slice", ["most", "starts", "ends", "axes"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "indices",
        sources[: 4 if loop else 3],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, None, None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path
