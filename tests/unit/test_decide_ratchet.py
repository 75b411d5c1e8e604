"""Limits that are tightened to what was measured plus a margin, and those that are left."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.budgets import Budget, Check, Outcome
from edgehone.decide.ratchet import rounded, tightened

SIZE = Budget("size_bytes", "max", 1000)


def check(
    budget: Budget, value: float | None, verdict: Outcome = "pass", spread: float = 0
) -> Check:
    ci95 = None if not spread or value is None else (value - spread, value + spread)
    limit = (budget.metric, budget.bound, budget.limit)
    return Check(*limit, value, ci95, verdict, budget=budget)


def limits(budget: Budget, *checks: Check, margin: float = 0.02) -> list[float]:
    return [each.limit for each in tightened([budget], checks, margin)]


def test_a_limit_becomes_the_value_and_the_margin() -> None:
    assert limits(SIZE, check(SIZE, 500)) == [510]


@pytest.mark.parametrize("value", [981, 990, 1000])
def test_a_limit_is_never_loosened(value: float) -> None:
    assert limits(SIZE, check(SIZE, value)) == []


@pytest.mark.parametrize("verdict", ["fail", "inconclusive"])
def test_what_does_not_pass_is_left(verdict: Outcome) -> None:
    assert limits(SIZE, check(SIZE, 500, verdict)) == []
    assert limits(SIZE, check(SIZE, 500), check(SIZE, 400, verdict)) == []
    assert limits(SIZE, check(SIZE, None)) == []
    assert limits(SIZE) == []


def test_the_worst_file_and_the_end_of_its_interval_count() -> None:
    slow = Budget("latency_p50_ms", "max", 100.0)
    assert limits(slow, check(slow, 10, spread=1), check(slow, 20, spread=5)) == [25.5]


def test_a_least_share_rises_by_points() -> None:
    right = Budget("accuracy", "min", 0.5)
    assert limits(right, check(right, 0.9, spread=0.02), margin=0.01) == [0.87]


def test_a_relative_budget_moves_with_its_baseline() -> None:
    follow = Budget("size_bytes", "max", 1.5, relative_to="baseline")
    assert limits(follow, check(follow, 0.5)) == []


@given(st.floats(1, 1e9), st.floats(0, 0.5), st.floats(1, 1e9))
def test_a_tightened_limit_is_kept_by_what_was_measured(
    value: float, margin: float, old: float
) -> None:
    budget = replace(SIZE, limit=old)
    verdict: Outcome = "pass" if value <= old else "fail"
    for limit in limits(budget, check(budget, value, verdict), margin=margin):
        assert value <= limit < old


@given(st.floats(1e-6, 1e9), st.booleans(), st.booleans())
def test_limits_are_rounded_away_from_what_was_measured(
    value: float, up: bool, whole: bool
) -> None:
    found = rounded(value, up=up, whole=whole)
    slack = 1e-9 * value
    assert found >= value - slack if up else found <= value + slack
    assert abs(found - value) <= max(1.0 if whole else 0.0, value * 1e-3) + slack
