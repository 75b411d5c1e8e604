"""Successive halving costs what it says, and ends with one candidate that is trained in full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.search.halving import STARTERS, better_half, starters, turns, worth


@pytest.mark.parametrize(
    ("members", "epochs", "expected"), [(4, 8, 4), (3, 8, 2), (4, 3, 2), (4, 1, 1), (1, 8, 1)]
)
def test_as_many_begin_as_leave_every_turn_an_epoch(
    members: int, epochs: int, expected: int
) -> None:
    assert starters(members, epochs) == expected


@pytest.mark.parametrize(
    ("count", "epochs", "expected"),
    [(4, 8, (2, 2, 4)), (4, 10, (2, 3, 5)), (2, 8, (4, 4)), (2, 3, (1, 2)), (1, 8, (8,))],
)
def test_each_turn_doubles_what_came_before(
    count: int, epochs: int, expected: tuple[int, ...]
) -> None:
    assert turns(count, epochs) == expected


@given(st.integers(1, 2 * STARTERS), st.integers(1, 100))
def test_the_last_is_trained_in_full_and_all_cost_no_more_than_two(
    members: int, epochs: int
) -> None:
    count = starters(members, epochs)
    assert sum(turns(count, epochs)) == epochs
    assert all(turn >= 1 for turn in turns(count, epochs))
    assert 1 <= worth(count, epochs) <= 2


def test_the_better_half_goes_on_the_first_of_equals() -> None:
    assert better_half([0.1, 0.4, 0.3, 0.4]) == [1, 3]
    assert better_half([0.2, 0.2]) == [0]
    assert better_half([float("-inf"), 0.0]) == [1]
