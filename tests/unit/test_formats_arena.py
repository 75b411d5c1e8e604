"""Memory of one inference, planned from the file."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import tiny_models

from edgehone.formats import contents
from edgehone.formats._tflite.arena import Lifetime, places, planned, working
from edgehone.values import LayerSpec

TIMES = range(10)

VALUES = st.builds(
    lambda size, first, length: Lifetime(16 * size, first, first + length),
    st.integers(1, 9),
    st.integers(0, 5),
    st.integers(0, 3),
)


def most_at_once(values: list[Lifetime]) -> int:
    return max(
        (sum(v.size for v in values if v.first <= time <= v.last) for time in TIMES), default=0
    )


@given(st.lists(VALUES, max_size=8))
def test_a_plan_holds_what_is_needed_at_once_and_no_more_than_everything(
    values: list[Lifetime],
) -> None:
    assert most_at_once(values) <= planned(values) <= sum(each.size for each in values)


@given(st.lists(VALUES, max_size=8))
def test_values_that_are_needed_at_once_share_no_memory(values: list[Lifetime]) -> None:
    for (at, one), (start, other) in combinations(places(values), 2):
        together = any(one.first <= t <= one.last and other.first <= t <= other.last for t in TIMES)
        assert not together or at + one.size <= start or start + other.size <= at


def test_values_of_different_times_share_memory() -> None:
    assert planned([Lifetime(64, 0, 1), Lifetime(32, 1, 2), Lifetime(64, 2, 3)]) == 96
    assert planned([]) == 0


def test_borders_share_no_memory_where_the_runtime_plans_what_lies_between() -> None:
    values = [
        Lifetime(64, 0, 0, border=True),
        Lifetime(32, 0, 1),
        Lifetime(32, 1, 2),
        Lifetime(32, 2, 3),
        Lifetime(64, 3, 3, border=True),
    ]
    assert working(values) == 64 + 64 + (32 + 32)
    assert planned(values) == 64 + 32


@pytest.mark.parametrize(
    ("precision", "expected"), [("int8", 8 * 8 * (8 + 24)), ("float32", 4 * 8 * 8 * (8 + 24))]
)
def test_a_layer_takes_what_it_reads_and_what_it_writes(
    precision: str, expected: int, tmp_path: Path
) -> None:
    spec = LayerSpec("conv", 8, 8, 8, 24, (3, 3))
    file = tiny_models.layer(tmp_path, spec, precision, "m")
    assert contents(file)["arena_bytes"] == expected
