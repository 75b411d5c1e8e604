"""Inputs and outputs that no app could fill or read are refused in words, before anything runs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import app_kits, tflite_files
from tests.app_kits import made

from edgehone.actions.app.kits import About
from edgehone.errors import ModelError


def onnx_file(folder: Path, kind: str, shape: list[Any], operator: str = "Identity") -> Path:
    """One operator whose input and output are alike."""
    from onnx import TensorProto, helper

    number = getattr(TensorProto, kind)
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], name="net")],
        "net",
        [helper.make_tensor_value_info("x", number, shape)],
        [helper.make_tensor_value_info("y", number, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def constant_alone(folder: Path) -> Path:
    """A graph that takes nothing."""
    from onnx import TensorProto, helper, numpy_helper

    value = numpy_helper.from_array(np.ones((1, 4), np.float32))
    graph = helper.make_graph(
        [helper.make_node("Constant", [], ["y"], value=value, name="net")],
        "net",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def tflite_file(folder: Path, kind: str, shape: tuple[int, ...]) -> Path:
    path = folder / "net.tflite"
    path.write_bytes(tflite_files.alike(kind, shape))
    return path


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("STRING", [1, 4], "'x' of net.onnx is text"),
        ("BOOL", [1, 4], "'x' of net.onnx is bool"),
        ("FLOAT16", [1, 4], "'x' of net.onnx is float16"),
        ("DOUBLE", [1, 4], "'x' of net.onnx is float64"),
        ("UINT64", [1, 4], "'x' of net.onnx is uint64"),
        ("FLOAT", [0, 4], r"'x' of net.onnx has shape \[0, 4\]"),
        ("FLOAT", [1, 0], r"'x' of net.onnx has shape \[1, 0\]"),
        ("FLOAT", [1, "n"], r"'x' of net.onnx has shape \[1, None\]"),
        ("FLOAT", [3, 4], r"'x' of net.onnx has shape \[3, 4\]"),
        ("FLOAT", [], "'x' of net.onnx is a lone number"),
    ],
)
def test_onnx_ports_that_no_app_has_are_refused(
    tmp_path: Path, kind: str, shape: list[Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        made(onnx_file(tmp_path, kind, shape), tmp_path / "kit", "linux", scale=None)
    assert caught.value.hint
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("STRING", (1, 4), "'x' of net.tflite is text"),
        ("FLOAT32", (1, 0), r"'x' of net.tflite has shape \[1, 0\]"),
        ("FLOAT32", (2, 4), r"'x' of net.tflite has shape \[2, 4\]"),
        ("FLOAT32", (), "'x' of net.tflite is a lone number"),
    ],
)
def test_tflite_ports_that_no_app_has_are_refused(
    tmp_path: Path, kind: str, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        made(tflite_file(tmp_path, kind, shape), tmp_path / "kit", "linux", scale=None)


def test_a_model_that_takes_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"net.onnx has no inputs"):
        made(constant_alone(tmp_path), tmp_path / "kit", "linux", scale=None)


def test_a_batch_of_any_size_becomes_one_sample(tmp_path: Path) -> None:
    kits = made(onnx_file(tmp_path, "FLOAT", ["n", 4]), tmp_path / "kit", "linux", scale=None)
    assert kits["kits"][0]["model"]["inputs"][0]["shape"] == [1, 4]


def test_names_of_many_classes_are_spread_over_classes_of_kotlin(tmp_path: Path) -> None:
    """A class file has room for 65,535 constants."""
    about = About(names=tuple(f"\u202enumber {number}" for number in range(1200)))
    made(app_kits.ended(tmp_path, "SOFTMAX", 1200), tmp_path / "kit", "android", about=about)
    (wrapper,) = (tmp_path / "kit").rglob("*_model.kt")
    text = wrapper.read_text(encoding="utf-8")
    holders = text.split("private object Labels")[1:]
    assert [each.count("\\u202enumber") for each in holders] == [500, 500, 200]
    assert "\u202e" not in text
    assert len((tmp_path / "kit/android/labels.txt").read_text().splitlines()) == 1200
