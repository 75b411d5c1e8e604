"""NetAdapt narrows one subject at a time, the one that loses least for the step."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import search_worlds as worlds

from edgehone.search.history import Goal, Proposal
from edgehone.search.plan import Losses, Plan
from edgehone.search.strategies.netadapt import NetAdapt
from edgehone.search.summing import Summing

FAST = Goal("latency_p50_ms", True, ())


def narrowed(found: Proposal) -> dict[str, int]:
    whole = {"g0": 32, "g1": 32, "g2": 64, "g3": 64}
    kept = found.plan.of("prune_channels")
    return {name: int(kept[name]) for name in whole if kept[name] != whole[name]}


def test_what_loses_nothing_goes_first() -> None:
    """One group that could go for nothing; the others hurt."""
    tables = worlds.chain()
    table = {name: dict(rows) for name, rows in tables.losses.table["prune_channels"].items()}
    table["g2"] = dict.fromkeys(table["g2"], 0.0)
    tables = replace(tables, losses=Losses({**tables.losses.table, "prune_channels": table}))
    found, _ = worlds.run(tables, FAST, 1, NetAdapt())
    assert "g2" in narrowed(found[0])
    assert len(narrowed(found[0])) < 3


def test_small_steps_lose_no_more_than_one_big_one() -> None:
    tables = worlds.chain()
    small, big = (worlds.run(tables, FAST, 1, NetAdapt(first_step=s))[0][0] for s in (0.05, 1.0))
    assert small.target == big.target
    assert small.sums.loss <= big.sums.loss


def test_it_is_no_better_in_its_tables_than_the_integer_program() -> None:
    tables = worlds.chain()
    greedy, _ = worlds.run(tables, FAST, 1, NetAdapt())
    exact, _ = worlds.run(tables, FAST, 1)
    assert greedy[0].target == exact[0].target
    assert exact[0].sums.loss <= greedy[0].sums.loss + 1e-9


@pytest.mark.parametrize("first_step", [0.02, 0.05, 0.3])
def test_every_limit_is_reached_that_the_ladders_reach(first_step: float) -> None:
    tables = worlds.chain()
    least = tables.totals(tables.space.smallest("int8"))
    budget = worlds.limited("size_bytes", 1.2 * least.size_bytes + 2000)
    goal = Goal("accuracy", False, (budget,))
    found, _ = worlds.run(tables, goal, 1, NetAdapt(first_step=first_step))
    assert found[0].predicted["size_bytes"] <= budget.limit


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), draws=st.lists(st.integers(0, 999), min_size=16, max_size=16))
def test_sums_that_are_remembered_are_those_of_the_tables(seed: int, draws: list[int]) -> None:
    tables = worlds.drawn(seed)
    summing = Summing(tables)
    for default in tables.space.defaults:
        for shift in range(3):
            numbers = iter(draws[shift:] + draws)
            choices = {
                each.NAME: {
                    name: each.allowed(name, default)[
                        next(numbers) % len(each.allowed(name, default))
                    ]
                    for name in each.subjects
                }
                for each in tables.space.decisions
            }
            plan = Plan(choices, default)
            for _ in "twice":
                assert summing.totals(plan) == tables.totals(plan)
                assert summing.can_be_had(plan) == tables.can_be_had(plan)
