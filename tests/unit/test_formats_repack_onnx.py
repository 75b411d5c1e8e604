"""Equal initialisers of .onnx files are stored once; names of ends, nodes and metadata stay."""

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgehone.formats.onnx import Onnx

SCALES = [("a", 0.5), ("b", 0.5), ("c", 0.25)]


def chain() -> Any:
    """x * a * b * c, with equal a and b, and a branch that reads b."""
    nodes = [
        helper.make_node("Mul", ["x", "a"], ["xa"], name="first", doc_string="where it came from"),
        helper.make_node("Mul", ["xa", "b"], ["xb"], name="second"),
        helper.make_node("Mul", ["xb", "c"], ["xc"], name="third"),
        helper.make_node(
            "If", ["truth"], ["y"], then_branch=branch("b"), else_branch=branch("c"), name="choice"
        ),
    ]
    constants = [
        numpy_helper.from_array(np.array([value], np.float32), name) for name, value in SCALES
    ]
    constants.append(numpy_helper.from_array(np.array(True), "truth"))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1], doc_string="a number")
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph(nodes, "chain", [x], [y], constants, doc_string="a graph")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.doc_string = "a model"
    helper.set_model_props(model, {"labels": "cat,dog"})
    return model


def branch(name: str) -> Any:
    """What the last result times one constant is."""
    result = helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, [1])
    node = helper.make_node("Mul", ["xc", name], [f"{name}_out"])
    return helper.make_graph([node], f"with_{name}", [], [result])


def loaded(content: bytes) -> Any:
    import onnx

    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    return model


def test_equal_initialisers_are_one_inside_branches_as_well() -> None:
    content = chain().SerializeToString()
    smaller = Onnx().repack(content)
    model = loaded(smaller)
    assert [each.name for each in model.graph.initializer] == ["a", "c", "truth"]
    assert [list(node.input) for node in model.graph.node[:3]] == [
        ["x", "a"],
        ["xa", "a"],
        ["xb", "c"],
    ]
    runs = [[np.array([value], np.float32)] for value in (-2.0, 0.0, 3.5)]
    assert Onnx().computed(smaller, runs) == Onnx().computed(content, runs)
    assert Onnx().computed(smaller, runs) != Onnx().computed(content, runs[::-1])


def test_doc_strings_go_and_metadata_and_names_stay() -> None:
    model = loaded(Onnx().repack(chain().SerializeToString()))
    assert b"where it came from" not in model.SerializeToString()
    texts = (model.doc_string, model.graph.doc_string, model.graph.input[0].doc_string)
    assert texts == ("", "", "")
    assert {each.key: each.value for each in model.metadata_props} == {"labels": "cat,dog"}
    assert [node.name for node in model.graph.node] == ["first", "second", "third", "choice"]


@pytest.mark.parametrize("kind", ["input", "output", "shadow"])
def test_names_that_mean_something_outside_stay(kind: str) -> None:
    model = chain()
    if kind == "input":  # a default that users of the file may replace
        model.graph.input.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [1]))
    elif kind == "output":
        model.graph.output.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [1]))
    else:
        inner = next(a for a in model.graph.node[3].attribute if a.name == "then_branch").g
        inner.initializer.append(numpy_helper.from_array(np.array([0.5], np.float32), "b"))
    found = loaded(Onnx().repack(model.SerializeToString()))
    assert "b" in {each.name for each in found.graph.initializer}


def test_constants_of_other_types_or_shapes_are_not_shared() -> None:
    model = chain()
    more = [
        ("d", np.array([[0.5]], np.float32)),
        ("e", np.array([0.5], np.float64)),
        ("f", np.array([-0.0], np.float32)),
    ]
    for name, value in [*more, ("g", np.array([0.0], np.float32))]:
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    found = loaded(Onnx().repack(model.SerializeToString()))
    assert {"a", "c", "d", "e", "f", "g"} <= {each.name for each in found.graph.initializer}


def test_constants_in_other_files_stay_where_they_are() -> None:
    model = chain()
    for name in ("a", "b"):
        constant = next(each for each in model.graph.initializer if each.name == name)
        constant.ClearField("raw_data")
        constant.data_location = TensorProto.EXTERNAL
        place = {"location": "weights.bin", "offset": "0" if name == "a" else "4096", "length": "4"}
        for key, value in place.items():
            constant.external_data.add(key=key, value=value)
    import onnx

    found = onnx.load_from_string(Onnx().repack(model.SerializeToString()))
    kept = [each for each in found.graph.initializer if each.data_location == each.EXTERNAL]
    offsets = {p.value for each in kept for p in each.external_data if p.key == "offset"}
    assert offsets == {"0", "4096"}
