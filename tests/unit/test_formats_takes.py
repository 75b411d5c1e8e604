from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import index_files, tflite_files

from edgehone.formats._audit import audit
from edgehone.formats._flatgraph import Graph
from edgehone.formats._takes import Bounds, stored


def takes(path: Path) -> dict[str, Any]:
    """By input: (low, high), or None."""
    found = {port["name"]: port["takes"] for port in audit(path)["inputs"]}
    return {name: each and (each["low"], each["high"]) for name, each in found.items()}


def of(graph: Graph, inputs: list[int], output: int, folder: Path) -> dict[str, Any]:
    path = folder / "graph.tflite"
    path.write_bytes(graph.content(inputs, [output]))
    return takes(path)


def test_identifiers_are_those_of_the_table(tmp_path: Path) -> None:
    assert takes(index_files.table_file(tmp_path)) == {"ids": ([0], [299])}
    assert takes(index_files.table_file(tmp_path, shift=2)) == {"ids": ([2], [301])}
    assert takes(index_files.squared_ids_file(tmp_path)) == {"ids": None}


def test_a_slice_starts_at_0_and_has_the_size_of_its_result(tmp_path: Path) -> None:
    assert takes(index_files.slice_file(tmp_path)) == {
        "x": None,
        "begin": ([0], [0]),
        "size": ([1, 6, 4], [1, 6, 4]),
    }


def test_ordinary_inputs_can_be_anything(tmp_path: Path) -> None:
    assert takes(tflite_files.float_file(tmp_path)) == {"input": None}


def test_identifiers_are_followed_through_casts_and_shapes(tmp_path: Path) -> None:
    from ai_edge_litert import schema_py_generated as schema

    graph = Graph()
    source = graph.tensor("ids", "FLOAT32", (1, 5))
    whole, flat = graph.tensor("whole", "INT32", (1, 5)), graph.tensor("flat", "INT32", (5,))
    depth = graph.tensor("depth", "INT32", (), data=np.array([7], np.int32).tobytes())
    on, off = (
        graph.tensor(name, "FLOAT32", (), data=np.float32(value).tobytes())
        for name, value in (("on", 1.0), ("off", 0.0))
    )
    table = graph.tensor("table", "FLOAT32", (9, 2), data=np.ones((9, 2), np.float32).tobytes())
    hot, rows = graph.tensor("hot", "FLOAT32", (5, 7)), graph.tensor("rows", "FLOAT32", (5, 2))
    graph.operator("CAST", [source], whole, schema.CastOptionsT())
    graph.operator("RESHAPE", [whole], flat, schema.ReshapeOptionsT())
    graph.operator("ONE_HOT", [flat, depth, on, off], hot, schema.OneHotOptionsT())
    graph.operator("GATHER", [table, flat], rows, schema.GatherOptionsT())
    assert of(graph, [source], rows, tmp_path) == {"ids": ([0], [6])}  # what both take


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("REVERSE_SEQUENCE", {"seqDim": 1, "batchDim": 0}, ([1], [6])),
        ("GATHER_ND", {}, ([0, 0], [1, 5])),
        ("FLOOR_DIV", {}, ([1], [2])),
        ("TILE", {}, ([1], [1])),
        ("TRANSPOSE", {}, ([0, 1, 2], [0, 1, 2])),
        ("RESHAPE", {}, ([2, 6, 4], [2, 6, 4])),
        ("TOPK_V2", {}, ([1], [4])),
        ("MEAN", {}, ([0], [0])),
    ],
)
def test_operators_say_what_they_take(
    kind: str, options: dict[str, int], expected: Any, tmp_path: Path
) -> None:
    from ai_edge_litert import schema_py_generated as schema

    names = {"REVERSE_SEQUENCE": "ReverseSequence", "GATHER_ND": "GatherNd"}
    found = getattr(schema, f"{names[kind]}OptionsT")() if kind in names else None
    for name, value in options.items():
        setattr(found, name, value)
    graph = Graph()
    data_type = "INT32" if kind == "FLOOR_DIV" else "FLOAT32"
    x, y = (graph.tensor(name, data_type, (2, 6, 4)) for name in ("x", "y"))
    number = graph.tensor("number", "INT32", (2,) if kind != "RESHAPE" else (3,))
    graph.operator(kind, [x, number], y, found)
    assert of(graph, [x, number], y, tmp_path) == {"x": None, "number": expected}


def test_onnx_says_what_its_indices_counts_and_ends_can_be(tmp_path: Path) -> None:
    found = takes(index_files.onnx_file(tmp_path / "a.onnx"))
    assert found == {"ids": ([0], [299]), "k": ([1], [5]), "ends": None}  # k is not known
    looped = takes(index_files.onnx_file(tmp_path / "b.onnx", loop=True))
    assert looped["ids"] == ([0], [299])
    assert looped["times"] == ([1], [4])


def test_bounds_keep_all_that_is_wanted() -> None:
    one, other = Bounds.one(0, 9, "a"), Bounds((1, 2), (5, 6), "b")
    assert one.within(other) == Bounds((2,), (5,), "a")
    assert other.within(Bounds((0, 3), (4, 9), "c")) == Bounds((1, 3), (4, 6), "b")
    assert Bounds.one(5, 9, "a").within(Bounds.one(0, 3, "b")).high == (5,)  # none is left


def test_bounds_of_quantized_inputs_are_numbers_that_the_file_stores() -> None:
    port = {"scale": 11.75, "zero_point": -128}
    found = stored(Bounds.one(1, 2999, "indices"), port)
    assert found is not None
    (low,), (high,) = found["low"], found["high"]
    assert 1 <= (low + 128) * 11.75 < 1 + 11.75
    assert 2999 - 11.75 < (high + 128) * 11.75 <= 2999
