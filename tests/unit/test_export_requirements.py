from pathlib import Path
from typing import Any

import pytest
from tests import onnx_files, tflite_files

from edgehone.errors import UsageError
from edgehone.export.requirements import REQUIREMENTS, findings
from edgehone.formats import precision
from edgehone.formats._audit import audit
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def audited(folder: Path, plan: PrecisionPlan) -> Any:
    file = folder / "file.tflite"
    TFLite().quantize(tflite_files.float_file(folder), plan, tflite_files.calibration(), file)
    return audit(file)


def test_an_int8_file_keeps_everything(tmp_path: Path) -> None:
    assert findings(audited(tmp_path, PrecisionPlan("int8")), list(REQUIREMENTS)) == []


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (PrecisionPlan("float32"), "first, middle, last"),
        (PrecisionPlan("int8", {"middle": "float32"}), "float: middle."),
        (PrecisionPlan("int16x8"), "more than 8 bits: first, middle, last"),
        (PrecisionPlan("int8", io="float32"), "Inputs or outputs are float: input, last"),
    ],
)
def test_int8_is_missed_with_the_layers_named(
    tmp_path: Path, plan: PrecisionPlan, words: str
) -> None:
    (found,) = findings(audited(tmp_path, plan), ["int8"])
    assert found["requirement"] == "int8"
    assert words in found["reason"]


def test_an_onnx_file_that_lays_out_its_float_input_anew_is_int8(tmp_path: Path) -> None:
    """A one-channel image is reshaped to channels first before it is quantized."""
    kept = audit(onnx_files.reshaped(tmp_path / "reshaped.onnx"))
    assert any("float32" in layer["types"] for layer in kept["layers"])
    assert findings(kept, ["int8"]) == []


def test_what_xnnpack_leaves_is_named(tmp_path: Path) -> None:
    """It has no kernel for a depthwise convolution of float activations and int8 weights."""
    (found,) = findings(audited(tmp_path, PrecisionPlan("dynamic8")), ["xnnpack"])
    assert "1 DEPTHWISE_CONV_2D" in found["reason"]
    assert "middle" in found["reason"]


def test_flex_custom_and_loops_are_named(tmp_path: Path) -> None:
    flawed = {
        **audited(tmp_path, PrecisionPlan("int8")),
        "flex": ["FlexErf"],
        "custom": ["Mine"],
        "loops": ["rnn"],
    }
    found = findings(flawed, ["no-flex", "no-custom", "no-loops", "no-flex"])
    assert [each["requirement"] for each in found] == ["no-flex", "no-custom", "no-loops"]
    assert "FlexErf" in found[0]["reason"]
    assert "Mine, FlexErf" in found[1]["reason"]
    assert "rnn" in found[2]["reason"]


def test_an_unknown_requirement_lists_the_known() -> None:
    with pytest.raises(UsageError, match="small") as caught:
        findings({}, ["small"])
    assert "no-flex" in caught.value.hint


def retyped(tmp_path: Path, kind: str) -> Path:
    """An int8 file whose activations and kernels are said to be of another type."""
    from ai_edge_litert import schema_py_generated as schema

    from edgehone.formats import _flatbuffer

    file = tmp_path / "file.tflite"
    audited(tmp_path, PrecisionPlan("int8"))
    model = _flatbuffer.read(file)
    for tensor in model.subgraphs[0].tensors:
        if _flatbuffer.type_name(tensor) == "int8":
            tensor.type = getattr(schema.TensorType, kind)
    file.write_bytes(_flatbuffer.pack(model))
    return file


def looked_into(path: Path) -> Any:
    """An audit without what the runtime says, which has no kernels for these types."""
    from edgehone.formats import _flatbuffer
    from edgehone.formats._tflite import audit

    model = _flatbuffer.read(path)
    pairs = [(model.subgraphs[0], operator) for operator in model.subgraphs[0].operators]
    main = model.subgraphs[0]
    return {
        "format": "tflite",
        "operators": {},
        "integer_only": True,
        "float_layers": [],
        "layers": [audit._layer(model, *pair) for pair in pairs],
        "inputs": audit._borders(model, main.inputs, "inputs"),
        "outputs": audit._borders(model, main.outputs, "outputs"),
    }


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("UINT8", "uint8", "unsigned integers (uint8): first, middle, last"),
        ("INT16", "int16", "more than 8 bits: first, middle, last"),
        ("INT32", "int32", "more than 8 bits: first, middle, last"),
    ],
)
def test_other_integers_are_called_what_they_are_and_are_not_int8(
    tmp_path: Path, kind: str, name: str, words: str
) -> None:
    found = looked_into(retyped(tmp_path, kind))
    assert precision(found) == name
    assert words in findings(found, ["int8"])[0]["reason"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/conv1/Conv", "conv1"),
        ("conv1/Relu", "conv1"),
        ("", "a nameless CONV_2D"),
        ("/", "a nameless CONV_2D"),
    ],
)
def test_a_layer_is_named_whatever_a_file_calls_it(tmp_path: Path, name: str, text: str) -> None:
    found = looked_into(retyped(tmp_path, "UINT8"))
    layer = {**found["layers"][1], "name": name, "operator": "CONV_2D"}
    (finding,) = findings({**found, "layers": [layer]}, ["int8"])
    assert text in finding["reason"].partition("(uint8): ")[2]


def test_unsigned_borders_are_not_int8(tmp_path: Path) -> None:
    found = dict(audited(tmp_path, PrecisionPlan("int8")))
    assert findings(found, ["int8"]) == []
    found["inputs"] = [{**found["inputs"][0], "dtype": "uint8"}]
    assert "not int8: input (uint8)" in findings(found, ["int8"])[0]["reason"]
    found["inputs"] = [{**found["inputs"][0], "dtype": "int32"}]  # identifiers
    assert findings(found, ["int8"]) == []


def test_a_file_of_32_bit_integers_alone_is_not_int8() -> None:
    layer = {"name": "sum", "operator": "ADD", "types": ["int32", "int32"], "weight_bytes": 0}
    port = {"name": "x", "dtype": "int32"}
    found = {
        "format": "tflite",
        "operators": {},
        "integer_only": True,
        "float_layers": [],
        "layers": [layer],
        "inputs": [port],
        "outputs": [port],
    }
    assert precision(found) == "int32"
    assert "No layer computes in 8-bit" in findings(found, ["int8"])[0]["reason"]


def test_why_a_layer_stays_float_is_part_of_the_reason(tmp_path: Path) -> None:
    found = dict(audited(tmp_path, PrecisionPlan("int8", {"last": "float32"})))
    found["kept_float"] = {"last": "8 bits cannot hold it"}
    assert "last: 8 bits cannot hold it." in findings(found, ["int8"])[0]["reason"]
