from pathlib import Path
from typing import Any

import pytest
from tests import onnx_files, tflite_files

from edgehone.errors import UsageError
from edgehone.export.audit import audit
from edgehone.export.requirements import REQUIREMENTS, findings
from edgehone.export.tflite import TFLite
from edgehone.values import BitPlan


def audited(folder: Path, plan: BitPlan) -> Any:
    file = folder / "file.tflite"
    TFLite().quantize(tflite_files.float_file(folder), plan, tflite_files.calibration(), file)
    return audit(file)


def test_an_int8_file_keeps_everything(tmp_path: Path) -> None:
    assert findings(audited(tmp_path, BitPlan("int8")), list(REQUIREMENTS)) == []


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (BitPlan("float32"), "first, middle, last"),
        (BitPlan("int8", {"middle": "float32"}), "float: middle."),
        (BitPlan("int16x8"), "more than 8 bits: first, middle, last"),
        (BitPlan("int8", io="float32"), "Inputs or outputs are float: input, last"),
    ],
)
def test_int8_is_missed_with_the_layers_named(tmp_path: Path, plan: BitPlan, words: str) -> None:
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
    (found,) = findings(audited(tmp_path, BitPlan("dynamic8")), ["xnnpack"])
    assert "1 DEPTHWISE_CONV_2D" in found["reason"]
    assert "middle" in found["reason"]


def test_flex_custom_and_loops_are_named(tmp_path: Path) -> None:
    flawed = {
        **audited(tmp_path, BitPlan("int8")),
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
