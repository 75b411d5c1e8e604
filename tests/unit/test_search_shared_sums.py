"""Operators without weights and memory in the integer program, against trying every plan."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from tests import search_worlds as worlds
from tests.search_worlds import Layer, losses_of, space_of

from edgehone.graph.lifetimes import LiveValue
from edgehone.search.history import Tables
from edgehone.search.plan import LayerChoice, Plan
from edgehone.search.program import Question, solve
from edgehone.search.summing import Summing
from edgehone.search.sums import Limits
from edgehone.values import LayerSpec

COUNTS = (16, 12, 8, 4)


def cost(spec: LayerSpec, precision: str, default: str = "") -> float | None:
    if spec.kind == "add":
        return 0.01 * spec.out_channels
    return worlds.cost(spec, precision, default)


def tables() -> Tables:
    """A stem of group a, two layers of b behind it; their sum is added to, and held in memory."""
    layers = [
        Layer("stem", LayerSpec("conv", 8, 8, 3, 16, (3, 3)), {}, 3, "a"),
        Layer("one", LayerSpec("conv", 8, 8, 16, 16, (3, 3)), {"a": 1}, 0, "b", (0, 4)),
        Layer("two", LayerSpec("conv", 8, 8, 16, 16, (3, 3)), {"a": 1}, 0, "b"),
    ]
    space = space_of({"a": COUNTS, "b": COUNTS}, layers, ("int8",))
    add = LayerChoice("add", LayerSpec("add", 8, 8, 16, 16), {"b": 1}, 0, None)
    values = (
        LiveValue(8 * 8 * 3, (), 0, 0, border=True),
        LiveValue(8 * 8 * 16, ("stem",), 0, 2, layer="stem"),
        LiveValue(8 * 8 * 16, ("one",), 1, 3, layer="one"),
        LiveValue(8 * 8 * 16, ("two",), 2, 3, layer="two"),
        LiveValue(8 * 8 * 16, ("one",), 3, 4, border=True),
    )
    channels = {
        "a": {16: 0.0, 12: 0.1, 8: 0.5, 4: 1.5},
        "b": {16: 0.0, 12: 0.3, 8: 0.7, 4: 1.1},
    }
    found = losses_of(channels, {"one": {4: 0.2}}, {})
    whole = replace(space, operators=(add,), values=values)
    return Tables(whole, found, cost, overhead={"int8": 0.003})


def every(known: Tables) -> Iterator[Plan]:
    start = known.space.unchanged("int8")
    for a, b, rank in product(COUNTS, COUNTS, (0, 4)):
        ranks = {**start.of("factorize"), "one": rank}
        widths = {"a": a, "b": b}
        chosen = {**start.choices, "prune_channels": widths, "factorize": ranks}
        plan = Plan(chosen, "int8")
        if known.space.effective(plan) == plan:
            yield plan


def least(known: Tables, limits: Limits) -> float:
    fitting = [sums.loss for plan in every(known) if (sums := known.totals(plan)).within(limits)]
    return min(fitting)


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5])
def test_the_cost_of_operators_and_the_overhead_are_part_of_the_limit(share: float) -> None:
    known = tables()
    limits = Limits(cost=share * known.totals(known.space.unchanged("int8")).cost)
    left = limits.beside(known.rest_in("int8"))
    plan = solve(Question(known.space, known.losses, known.cost, left, "int8"))
    assert plan is not None
    assert known.totals(plan).within(limits)
    assert known.losses.of(plan) == pytest.approx(least(known, limits))


@pytest.mark.parametrize("most", [4500, 3600, 2800, 2000])
def test_what_is_needed_at_any_moment_fits_into_memory(most: int) -> None:
    known = tables()
    limits = Limits(memory_bytes=most)
    plan = solve(Question(known.space, known.losses, known.cost, limits, "int8"))
    assert plan is not None
    assert known.totals(plan).memory_bytes <= most
    assert known.losses.of(plan) == pytest.approx(least(known, limits))
    too_few = Limits(memory_bytes=900)
    assert solve(Question(known.space, known.losses, known.cost, too_few, "int8")) is None


def test_summing_sums_what_tables_do() -> None:
    known = tables()
    summing = Summing(known)
    for plan in every(known):
        assert vars(summing.totals(plan)) == pytest.approx(vars(known.totals(plan)))
