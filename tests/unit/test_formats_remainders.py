"""Remainders, periods and signs of large numbers stay what they are in files of integers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import unlike_files

from edgehone.export.execution import outputs
from edgehone.formats._base import Calibration
from edgehone.formats._columns import worst_column
from edgehone.formats._dataflow import Flow, Integers, Node, Role
from edgehone.formats._exact import exact
from edgehone.formats.onnx import Onnx
from edgehone.values import PrecisionPlan

PERIOD = 168.0


def node(name: str, role: Role, reads: str, writes: str) -> Node:
    return Node(name, role, tuple(reads.split()), tuple(writes.split()))


def test_the_difference_to_a_rounded_multiple_is_exact_and_what_follows_is_not() -> None:
    found = exact(
        Flow(
            (
                node("by", "arithmetic", "x", "q"),
                node("floor", "counts", "q", "f"),
                node("times", "arithmetic", "f", "m"),
                node("less", "arithmetic", "x m", "r"),
                node("scaled", "arithmetic", "r", "s"),
                node("dense", "weights", "s", "y"),
            ),
            ("x",),
            ("y",),
        )
    )
    assert set(found.nodes) == {"by", "floor", "times", "less"}
    assert set(found.inputs) == {"x"}


def test_a_rounded_number_beside_another_one_is_no_remainder() -> None:
    found = exact(
        Flow(
            (
                node("floor", "counts", "x", "f"),
                node("add", "arithmetic", "f z", "y"),
            ),
            ("x", "z"),
            ("y",),
        )
    )
    assert set(found.nodes) == {"floor"}
    assert set(found.inputs) == {"x"}


def test_a_number_cast_to_an_integer_and_back_is_a_rounded_one() -> None:
    integers = Integers()
    integers.followed(node("cast", "converts", "x", ""), ["x"], ["i"], cast=True)
    integers.followed(node("mod", "other", "", ""), ["i", "n"], ["j"], cast=False)
    back = integers.followed(node("back", "arithmetic", "", "f"), ["j"], ["f"], cast=True)
    assert (back.role, back.reads, back.writes) == ("counts", ("x",), ("f",))
    table = integers.followed(node("table", "layout", "", "g"), ["j"], ["g"], cast=False)
    assert (table.role, table.reads) == ("layout", ())


def arrays() -> dict[str, Any]:
    random = np.random.default_rng(8)
    return {
        "period": np.array([PERIOD], np.float32),
        "turn": np.array([2 * np.pi / PERIOD], np.float32),
        "middle": np.array([5000.5], np.float32),
        "w": random.normal(size=(2, 3)).astype(np.float32),
    }


DIVIDED: list[Any] = [("Div", ["x", "period"], "q", "#0/Div")]
CASES: dict[str, list[Any]] = {
    "mod": [
        *DIVIDED,
        ("Floor", ["q"], "f", "#1/Floor"),
        ("Mul", ["f", "period"], "m", "#2/Mul"),
        ("Sub", ["x", "m"], "r", "#3/Sub"),
        ("Div", ["r", "period"], "last", "#4/Div"),
    ],
    "round": [*DIVIDED, ("Round", ["q"], "f", "#1/Round"), ("Sub", ["q", "f"], "last", "#2/Sub")],
    "ceil": [*DIVIDED, ("Ceil", ["q"], "f", "#1/Ceil"), ("Sub", ["f", "q"], "last", "#2/Sub")],
    "cast": [
        *DIVIDED,
        ("Cast", ["q"], "i", "#1/Cast", {"to": 7}),
        ("Cast", ["i"], "f", "#2/Cast", {"to": 1}),
        ("Sub", ["q", "f"], "last", "#3/Sub"),
    ],
    "sine": [("Mul", ["x", "turn"], "a", "#0/Mul"), ("Sin", ["a"], "last", "#1/Sin")],
    "sign": [("Sub", ["x", "middle"], "d", "#0/Sub"), ("Sign", ["d"], "last", "#1/Sign")],
}


@pytest.mark.parametrize("precision", ["int8", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_periods_of_large_numbers_are_kept(tmp_path: Path, case: str, precision: str) -> None:
    steps = [*CASES[case], ("Gemm", ["last", "w"], "y", "dense")]
    used = {name for _, reads, *_ in steps for name in reads}
    held = {name: array for name, array in arrays().items() if name in used}
    source = unlike_files.steps_onnx(tmp_path / "f.onnx", steps, held, ("x", 2), ("y", 3))
    x = np.random.default_rng(9).integers(0, 10000, (120, 2)).astype(np.float32)
    file = tmp_path / "out.onnx"
    Onnx().quantize(source, PrecisionPlan(precision), Calibration((x,)), file)
    worst = worst_column(outputs(source, x), outputs(file, x))
    assert worst is not None
    assert worst.snr_db > 25
