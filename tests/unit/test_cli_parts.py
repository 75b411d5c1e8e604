from typing import Any

import pytest

from edgehone.cli.progress import Bars
from edgehone.formats import precision
from edgehone.values import Event


def audit(
    *layers: tuple[str, ...], integer_only: bool = False, kind: str = "CONV_2D", copies: int = 0
) -> dict[str, Any]:
    return {
        "layers": [{"types": list(types), "operator": kind} for types in layers],
        "integer_only": integer_only,
        "operators": {"DEQUANTIZE": copies},
    }


FLOAT, INTEGER = ("float32", "float32", "float32"), ("int8", "int8", "int8")


@pytest.mark.parametrize(
    ("types", "name"),
    [
        (FLOAT, "float32"),
        (("float32", "float16", "float32"), "float16"),
        (("float32", "int8", "float32"), "dynamic8"),
        (("float32", "int4", "float32"), "dynamic4"),
        (INTEGER, "int8"),
        (("int8", "int4", "int8"), "int8x4"),
        (("int16", "int8", "int16"), "int16x8"),
    ],
)
def test_the_precision_of_a_file_is_that_of_its_layers(types: tuple[str, ...], name: str) -> None:
    assert precision(audit(types, ("int8", "int8"))) == name


def test_operators_in_float_count_among_integers_alone() -> None:
    """As `export` calls such files, and --require int8 refuses them."""
    softmax = {"float_layers": [{"name": "softmax"}]}
    assert precision(audit(INTEGER) | softmax) == "int8+float32"
    assert precision(audit(FLOAT) | softmax) == "float32"
    dynamic = ("float32", "int8", "float32")
    assert precision(audit(dynamic) | softmax) == "dynamic8"


def test_integer_weights_that_become_floats_first_are_weights_alone() -> None:
    stored = ("float32", "int4", "float32")
    assert precision(audit(stored, stored, copies=2)) == "weights4"
    assert precision(audit(stored, stored, copies=1)) == "dynamic4"
    assert precision(audit(("float32", "uint4", "float32"), kind="MatMulNBits")) == "weights4"


def test_integers_made_while_it_runs_are_dynamic() -> None:
    assert precision(audit(("uint8", "uint8", "int32"), kind="ConvInteger")) == "dynamic8"


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (FLOAT, "Add"),
        (FLOAT, "MUL"),
        (("float32", "int64", "float32"), "Reshape"),
        (("float32", "float32", "uint8"), "QuantizeLinear"),
    ],
)
def test_shapes_and_biases_are_no_weights(types: tuple[str, ...], kind: str) -> None:
    found = audit(INTEGER)
    found["layers"] += audit(types, kind=kind)["layers"]
    assert precision(found) == "int8"


def test_mixed_precisions_are_joined_the_commonest_first() -> None:
    assert precision(audit(FLOAT, INTEGER, INTEGER)) == "int8+float32"


def test_a_file_without_weights_goes_by_what_it_computes_in() -> None:
    assert precision(audit(integer_only=True)) == "int8"
    assert precision(audit()) == "float32"


def test_away_from_a_terminal_each_stage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        for done in range(5):
            bars(Event("measure", "on local", done, 5))
        bars(Event("decide"))
    text = capsys.readouterr()
    assert text.err.splitlines() == ["measure: on local", "decide"]
    assert text.out == ""


def test_devices_in_different_stages_do_not_repeat_each_others_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Bars() as bars:
        for done in range(5):
            bars(Event("measure", "on a", done, 5, who="a"))
            bars(Event("wait", "for b", done, who="b"))
    assert capsys.readouterr().err.splitlines() == ["measure: on a", "wait: for b"]
