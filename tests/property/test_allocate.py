"""The integer program against trying every plan."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehone.precisions import family
from edgehone.search.allocate import Limits, Losses, Totals, allocate, totals
from edgehone.search.space import GroupChoice, LayerChoice, Plan, Space, saves, weights
from edgehone.values import LayerSpec


def cost(spec: LayerSpec, precision: str, default: str = "") -> float | None:
    if precision == "int8x4" and spec.kind == "depthwise":
        return None
    speed = {"float32": 1.0, "int8": 0.6, "int8x4": 0.7}[precision]
    border = 0.001 * spec.in_channels if precision == "float32" != default else 0.0
    return border + 0.002 + speed * 1e-5 * weights(spec) * (1 + spec.height)


def small_space(seed: int) -> tuple[Space, Losses]:
    random = np.random.default_rng(seed)
    a = GroupChoice("a", 16, (16, 8, 4))
    b = GroupChoice("b", 32, (32, 16, 8))
    layers = (
        LayerChoice("stem", LayerSpec("conv", 8, 8, 3, 16, (3, 3)), {}, 3, "a"),
        LayerChoice("dw", LayerSpec("depthwise", 8, 8, 16, 16, (3, 3)), {"a": 1}, 0, "a"),
        LayerChoice("mid", LayerSpec("conv", 8, 8, 16, 32, (3, 3)), {"a": 1}, 0, "b", (0, 4)),
        LayerChoice("head", LayerSpec("dense", 1, 1, 48, 10), {"a": 1, "b": 1}, 0, None),
    )
    space = Space((a, b), layers, ("int8", "float32", "int8x4"))
    groups = {
        g.name: {n: float(random.uniform(0, 2) * (1 - n / g.channels)) for n in g.options}
        for g in (a, b)
    }
    precisions = {
        layer.name: {"int8": random.uniform(0, 0.1), "int8x4": random.uniform(0, 0.5)}
        for layer in layers
    }
    return space, Losses(groups, {"mid": {4: float(random.uniform(0, 1))}}, precisions)


def every_plan(space: Space, default: str) -> list[Plan]:
    allowed = [p for p in family(default) if p in space.precisions]
    plans = []
    for counts in product(*(g.options for g in space.groups)):
        kept = dict(zip((g.name for g in space.groups), counts, strict=True))
        choices = [
            [
                (rank, p)
                for rank, p in product(layer.ranks, allowed)
                if (rank == 0 or saves(layer.cut(kept), rank)) and cost(layer.cut(kept), p)
            ]
            for layer in space.layers
        ]
        for chosen in product(*choices):
            ranks = {a.name: r for a, (r, _) in zip(space.layers, chosen, strict=True)}
            bits = {a.name: p for a, (_, p) in zip(space.layers, chosen, strict=True)}
            plans.append(Plan(kept, ranks, bits, default))
    return plans


def within(sums: Totals, limits: Limits) -> bool:
    return (
        sums.cost <= limits.cost * (1 + 1e-9)
        and sums.size_bytes <= limits.size_bytes * (1 + 1e-9)
        and sums.memory_bytes <= limits.memory_bytes
    )


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    latency=st.floats(0.1, 1.0),
    size=st.floats(0.1, 1.0),
    memory=st.sampled_from([float("inf"), 4096.0, 2048.0]),
)
def test_allocate_finds_what_trying_every_plan_finds(
    seed: int, latency: float, size: float, memory: float
) -> None:
    space, losses = small_space(seed)
    plans = [(plan, totals(space, losses, cost, plan)) for plan in every_plan(space, "int8")]
    limits = Limits(
        latency * max(t.cost for _, t in plans),
        size * max(t.size_bytes for _, t in plans),
        memory,
    )
    possible = [t for _, t in plans if within(t, limits)]
    found = allocate(space, losses, cost, limits, default="int8")
    if not possible:
        assert found is None
        return
    assert found is not None
    sums = totals(space, losses, cost, found)
    assert within(sums, limits)
    best = min(t.loss for t in possible)
    assert sums.loss <= best + 0.01 * max(1.0, best)


def test_allocate_without_limits_changes_nothing_that_costs_loss() -> None:
    space, losses = small_space(1)
    found = allocate(space, losses, cost, Limits(), default="float32")
    assert found is not None
    assert found.kept == {"a": 16, "b": 32}
    assert set(found.ranks.values()) == {0}
    assert set(found.precisions.values()) == {"float32"}


def test_allocate_prices_many_input_groups_by_first_differences() -> None:
    options = tuple(range(64, 0, -4))
    groups = tuple(GroupChoice(f"g{i}", 64, options) for i in range(4))
    inputs = {group.name: 1 for group in groups[:3]}
    merge = LayerChoice("merge", LayerSpec("conv", 4, 4, 192, 64), inputs, 0, "g3")
    space = Space(groups, (merge,), ("int8",))
    losses = Losses({g.name: {n: (64 - n) / 64 for n in options} for g in groups})
    full = totals(space, losses, cost, Plan({g.name: 64 for g in groups}, {"merge": 0},
                  {"merge": "int8"}, "int8"))  # fmt: skip
    found = allocate(space, losses, cost, Limits(full.cost / 2), default="int8")
    assert found is not None
    assert totals(space, losses, cost, found).cost <= full.cost * 0.6
    assert min(found.kept.values()) < 64
