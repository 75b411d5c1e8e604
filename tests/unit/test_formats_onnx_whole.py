"""An .onnx file is all of the model: constants in other files are found wherever they stand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ModelError
from edgehone.formats._onnx import audit


def constant(*, outside: bool) -> Any:
    from onnx import TensorProto, numpy_helper

    tensor = numpy_helper.from_array(np.ones((1, 3), np.float32), "w")
    if outside:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="w.bin")
    return tensor


def port(name: str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3])


def added() -> Any:
    from onnx import helper

    return helper.make_node("Add", ["x", "w"], ["y"])


def in_main(tensor: Any) -> Any:
    return [added()], [tensor], []


def in_attribute(tensor: Any) -> Any:
    from onnx import helper

    return [helper.make_node("Constant", [], ["w"], value=tensor), added()], [], []


def in_branch(tensor: Any) -> Any:
    from onnx import helper, numpy_helper

    inner = helper.make_node("Add", ["x", "w"], ["z"])
    branch = helper.make_graph([inner], "branch", [], [port("z")], [tensor])
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)
    return [node], [numpy_helper.from_array(np.array(True), "yes")], []


def in_function(tensor: Any) -> Any:
    from onnx import helper

    nodes = [helper.make_node("Constant", [], ["w"], value=tensor), added()]
    sets = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "Plus", ["x"], ["y"], nodes, sets)
    return [helper.make_node("Plus", ["x"], ["y"], domain="own")], [], [function]


def write(folder: Path, parts: Any) -> Path:
    from onnx import helper

    nodes, constants, functions = parts
    graph = helper.make_graph(nodes, "net", [port("x")], [port("y")], constants)
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    model = helper.make_model(graph, opset_imports=sets, functions=functions)
    model.ir_version = 8
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("place", [in_main, in_attribute, in_branch, in_function])
def test_constants_in_another_file_are_refused_wherever_they_stand(
    place: Callable[[Any], Any], tmp_path: Path
) -> None:
    audit.read(write(tmp_path, place(constant(outside=False))))
    file = write(tmp_path, place(constant(outside=True)))
    with pytest.raises(ModelError, match=r"keeps weights in another file, 'w\.bin'"):
        audit.read(file)
