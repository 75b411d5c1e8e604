"""Nodes of .onnx files with their shapes and costs, as .tflite files have them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests import onnx_files

from edgehone.actions.gate.why import why
from edgehone.actions.lone_files import artifact
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import LayerSpec

pytestmark = pytest.mark.slow

SPECS = (
    LayerSpec("conv", 8, 8, 8, 16, (3, 3), (2, 2)),
    LayerSpec("conv", 9, 7, 4, 6, (3, 1), padding="valid"),
    LayerSpec("conv", 1, 16, 3, 5, (1, 5)),
    LayerSpec("depthwise", 8, 8, 12, 12, (3, 3)),
    LayerSpec("dense", 1, 1, 20, 7),
)
COSTS = ("macs", "channels", "spec")


def saved(folder: Path, content: bytes | str, name: str) -> Path:
    assert isinstance(content, bytes), content
    path = folder / name
    path.write_bytes(content)
    return path


def summing(file: Path) -> list[dict[str, Any]]:
    """The layers of a file that sum products up."""
    return [dict(each) for each in Onnx().anatomy(file) if each["macs"] != 0]


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_layers_cost_what_they_do_as_tflite(
    spec: LayerSpec, precision: str, tmp_path: Path
) -> None:
    file = saved(tmp_path, Onnx().layer_model(spec, precision), "m.onnx")
    other = saved(tmp_path, TFLite().layer_model(spec, precision), "m.tflite")
    (found,), (there,) = summing(file), TFLite().anatomy(other)
    assert {key: found[key] for key in COSTS} == {key: there[key] for key in COSTS}
    assert found["spec"] == spec
    assert found["bytes"] >= np.prod((*spec.kernel, spec.out_channels))


def net(path: Path, kind: str, shapes: dict[str, Any], **attributes: Any) -> Path:
    """One node that reads "x" and constants of these shapes."""
    read = shapes.pop("x")
    written = [f"size{place}" for place in range(len(read))]
    arrays = [numpy_helper.from_array(np.ones(size, np.float32), n) for n, size in shapes.items()]
    node = helper.make_node(kind, ["x", *shapes], ["y"], name="layer", **attributes)
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size)
        for name, size in (("x", read), ("y", written))
    ]
    graph = helper.make_graph([node], "net", ports[:1], ports[1:], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("kind", "shapes", "attributes", "macs", "channels"),
    [
        ("Gemm", {"x": [1, 6], "w": (4, 6)}, {"transB": 1}, 24, (6, 4)),
        ("MatMul", {"x": [1, 5, 6], "w": (6, 4)}, {}, 120, (6, 4)),
        ("MatMul", {"x": ["batch", 5, 6], "w": (6, 4)}, {}, 120, (6, 4)),
        # 4 results of 3x3 places, each from 2 of the 8 channels in 4 groups
        (
            "Conv",
            {"x": [1, 8, 5, 5], "w": (4, 2, 3, 3)},
            {"group": 4},
            4 * 9 * 18,
            (8, 4),
        ),
        # 5x5 places, each spread over 3x3, from 2 channels to 3
        ("ConvTranspose", {"x": [1, 2, 5, 5], "w": (2, 3, 3, 3)}, {}, 25 * 2 * 27, (2, 3)),
        ("Conv", {"x": [1, 2, "any", 5], "w": (4, 2, 3, 3)}, {}, None, None),
        ("Conv", {"x": [1, 3, 16], "w": (4, 3, 5)}, {}, 12 * 4 * 15, (3, 4)),
        ("Relu", {"x": [1, 3]}, {}, 0, None),
        # shapes that do not fit each other
        ("Conv", {"x": [1, 2, 5, 5], "w": (4, 2)}, {}, None, None),
        ("Conv", {"x": [1, 2, 5, 5], "w": (4, 2, 3, 3)}, {"strides": [1]}, None, None),
        ("LSTM", {"x": [3, 1, 4], "w": (1, 8, 4), "r": (1, 8, 2)}, {"hidden_size": 2}, None, None),
    ],
)
def test_nodes_by_hand(
    kind: str,
    shapes: dict[str, Any],
    attributes: dict[str, Any],
    macs: int | None,
    channels: tuple[int, int] | None,
    tmp_path: Path,
) -> None:
    file = net(tmp_path / "m.onnx", kind, dict(shapes), **attributes)
    (found,) = Onnx().anatomy(file)
    assert (found["macs"], found["operator"]) == (macs, kind)
    if macs is not None:
        assert found["channels"] == channels


def test_what_is_free_in_the_batch_is_one(tmp_path: Path) -> None:
    fixed = Onnx().anatomy(onnx_files.float_file(tmp_path))
    free = Onnx().anatomy(onnx_files.free_batch(tmp_path / "float.onnx"))
    assert fixed == free
    costs = {each["name"]: (each["macs"], each["channels"]) for each in fixed}
    assert costs["stem"] == (4 * 36 * 27, (3, 4))
    assert costs["head"] == (144 * 5, (144, 5))
    assert costs["flat"] == costs["stem/Relu"] == (0, None)


def test_why_tells_channels_and_multiply_adds_of_onnx_files(tmp_path: Path) -> None:
    before, after = (
        artifact(saved(tmp_path, Onnx().layer_model(spec, "float32"), f"{spec.out_channels}.onnx"))
        for spec in (
            LayerSpec("conv", 8, 8, 8, 16, (3, 3)),
            LayerSpec("conv", 8, 8, 8, 18, (3, 3), relu=True),
        )
    )
    found = why(after, before, [])
    json.dumps(found)
    kinds = {each["layer"]: each for each in found["layers"]}
    assert kinds["layer"]["macs"] == [64 * 16 * 72, 64 * 18 * 72]
    assert "16 -> 18 channels leaves the multiple of 8" in kinds["layer"]["text"]
    assert kinds["layer"]["try"] == "16 or 24 channels"
    assert kinds["layer/Relu"]["change"] == "added"
