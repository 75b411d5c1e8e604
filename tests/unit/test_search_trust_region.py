"""Targets that fall step by step, and plans that stay near to the best so far."""

from dataclasses import replace
from itertools import pairwise
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import search_worlds as worlds

from edgehone.errors import ConfigError
from edgehone.search.bracket import Asked, next_target
from edgehone.search.history import Goal, Proposal, Tables
from edgehone.search.plan import Plan
from edgehone.search.program import Question, Region, solve
from edgehone.search.strategies.allocate import Allocate, best_so_far
from edgehone.search.sums import Limits

FAST = Goal("latency_p50_ms", True, ())


def distance(tables: Tables, one: Plan, other: Plan) -> float:
    """Mean |log ratio| of the widths."""
    first, second = (plan.of("prune_channels") for plan in (one, other))
    found = [abs(log(int(first[name]) / int(second[name]))) for name in first]
    return sum(found) / len(found)


def test_a_target_falls_to_no_less_than_its_share() -> None:
    assert next_target([], 1.0, 100.0) == pytest.approx(10.0)
    assert next_target([], 1.0, 100.0, 0.5) == pytest.approx(50.0)
    assert next_target([Asked(50.0, kept=True)], 1.0, 100.0, 0.5) == pytest.approx(25.0)
    assert next_target([], 90.0, 100.0, 0.5) == pytest.approx((90.0 * 100.0) ** 0.5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fall": 1.0}, "fall = 1.0 is not a number of at least 0 and below 1"),
        ({"fall": -0.1}, "fall = -0.1"),
        ({"fall": float("nan")}, "fall = nan"),
        ({"fall": "half"}, "fall = 'half'"),
        ({"trust": -1.0}, "trust = -1.0 is not a number of at least 0"),
    ],
)
def test_settings_beyond_their_ranges_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Allocate(**settings)


def test_the_bracket_closes_however_slowly_targets_are_to_fall() -> None:
    asked: list[Asked] = []
    while (target := next_target(asked, 1.0, 100.0, 1 - 1e-12)) is not None:
        asked.append(Asked(target, kept=True))
        assert len(asked) < 100
    assert asked[-1].target < 1.1


@given(fall=st.floats(0.3, 0.9), limit=st.floats(1.1, 90.0))
def test_targets_that_fall_close_in_on_what_can_be_kept(fall: float, limit: float) -> None:
    asked: list[Asked] = []
    while (target := next_target(asked, 1.0, 100.0, fall)) is not None:
        asked.append(Asked(target, target >= limit))
        assert len(asked) < 120
    kept = [each.target for each in asked if each.kept]
    assert min(kept, default=100.0) <= 1.1 * limit
    for before, after in pairwise([100.0, *kept]):
        assert after >= fall * before * (1 - 1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), radius=st.floats(0.05, 1.0), share=st.floats(0.4, 0.95))
def test_the_program_stays_inside_its_region(seed: int, radius: float, share: float) -> None:
    tables = worlds.mixed(seed)
    start = tables.space.unchanged("int8")
    limits = Limits(cost=share * tables.totals(start).cost)
    free = Question(tables.space, tables.losses, tables.cost, limits, "int8")
    near = solve(replace(free, around=Region(start, radius)))
    best = solve(free)
    if near is None:
        assert best is None or distance(tables, best, start) > radius
        return
    assert best is not None
    assert distance(tables, near, start) <= radius + 1e-6
    assert tables.totals(near).loss >= tables.totals(best).loss - 0.01
    if distance(tables, best, start) <= radius:
        assert tables.totals(near).loss <= tables.totals(best).loss + 0.01


def test_a_region_is_wider_where_it_holds_no_plan() -> None:
    tables = worlds.chain()
    for trust in (0.01, 0.3):
        found = Allocate(trust=trust, fall=0.0, uniform=False, promote=False).ask(
            tables, worlds.baselines(tables), FAST
        )
        assert isinstance(found, Proposal)
        assert found.predicted["latency_p50_ms"] <= found.target * 1.01


def test_what_is_best_so_far_kept_the_lowest_target() -> None:
    tables = worlds.chain()
    found, _ = worlds.run(tables, FAST, 4)
    trials = [*worlds.baselines(tables)]
    assert best_so_far(trials) is None
    trials += [worlds.measured(tables, each.plan, each.target) for each in found]
    kept = [t for t in trials if t.quality and t.target]
    best = best_so_far(trials)
    assert best is not None
    assert best.target == min(each.target or 0 for each in kept)
    assert Allocate().incumbent(trials) is None
    assert Allocate(again=True).incumbent(trials) == best


def test_plans_near_to_the_best_move_less() -> None:
    tables = worlds.chain()
    near, far = (
        worlds.run(tables, FAST, 1, Allocate(trust=trust, uniform=False, promote=False))[0][0]
        for trust in (0.2, 0.0)
    )
    start = tables.space.unchanged("int8")
    assert distance(tables, near.plan, start) <= distance(tables, far.plan, start) + 1e-9
