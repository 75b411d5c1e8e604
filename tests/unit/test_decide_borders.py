"""What an app would have to change when one file takes another's place."""

from collections.abc import Sequence
from typing import Any

import pytest

from edgehone.decide.borders import border_changes


def port(name: str = "x", dtype: str = "int8", **about: Any) -> dict[str, Any]:
    return {"name": name, "dtype": dtype, "shape": [1, 4], "scale": 0.5, "zero_point": 3} | about


def audit(*inputs: dict[str, Any], outputs: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {"inputs": list(inputs), "outputs": list(outputs)}


def test_equal_borders_have_no_change() -> None:
    same = audit(port(), outputs=[port("y")])
    assert border_changes(same, same, scales=True) == ()
    assert border_changes(audit(), audit()) == ()


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (port(dtype="uint8"), "input 'x': type int8 -> uint8"),
        (port(shape=[None, 4]), "input 'x': shape 1x4 -> ?x4"),
        (port(shape=[]), "input 'x': shape 1x4 -> one number"),
        (port("z"), "input 'x': name x -> z"),
    ],
)
def test_every_change_of_a_port_is_told(after: dict[str, Any], text: str) -> None:
    (change,) = border_changes(audit(port()), audit(after))
    assert str(change) == text


def test_ports_that_come_and_go_are_told() -> None:
    one, two = audit(port(), outputs=[port("y")]), audit(port(), port("more"))
    changes = border_changes(one, two)
    assert [str(each) for each in changes] == [
        "input 'more': count missing -> int8",
        "output 'y': count int8 -> missing",
    ]


def test_scales_count_where_the_app_has_them_built_in() -> None:
    before, after = audit(port()), audit(port(scale=0.25, zero_point=-3))
    assert border_changes(before, after) == ()
    (change,) = border_changes(before, after, scales=True)
    assert str(change) == "input 'x': scale 0.5 at zero point 3 -> 0.25 at zero point -3"
    floats = audit(port(dtype="float32", scale=None, zero_point=None))
    assert [each.what for each in border_changes(before, floats, scales=True)] == ["type"]


def test_order_counts_for_apps_that_go_by_number() -> None:
    first, second = port("a"), port("b")
    changes = border_changes(audit(first, second), audit(second, first))
    assert [each.what for each in changes] == ["name", "name"]
