"""The integer program against trying every plan."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.search_worlds import Layer, losses_of, space_of

from edgehone.precisions import family
from edgehone.search.plan import Chosen, Losses, Plan
from edgehone.search.program import Question, solve
from edgehone.search.shapes import saves, weights
from edgehone.search.space import Space
from edgehone.search.sums import Limits, Totals, totals
from edgehone.values import LayerSpec


def cost(spec: LayerSpec, precision: str, default: str = "") -> float | None:
    if precision == "int8x4" and spec.kind == "depthwise":
        return None
    speed = {"float32": 1.0, "int8": 0.6, "int8x4": 0.7}[precision]
    border = 0.001 * spec.in_channels if precision == "float32" != default else 0.0
    return border + 0.002 + speed * 1e-5 * weights(spec) * (1 + spec.height)


def small_space(seed: int) -> tuple[Space, Losses]:
    random = np.random.default_rng(seed)
    counts = {"a": (16, 8, 4), "b": (32, 16, 8)}
    layers = (
        Layer("stem", LayerSpec("conv", 8, 8, 3, 16, (3, 3)), {}, 3, "a"),
        Layer("dw", LayerSpec("depthwise", 8, 8, 16, 16, (3, 3)), {"a": 1}, 0, "a"),
        Layer("mid", LayerSpec("conv", 8, 8, 16, 32, (3, 3)), {"a": 1}, 0, "b", (0, 4)),
        Layer("head", LayerSpec("dense", 1, 1, 48, 10), {"a": 1, "b": 1}, 0, None),
    )
    space = space_of(counts, layers, ("int8", "float32", "int8x4"))
    groups = {
        g: {n: float(random.uniform(0, 2) * (1 - n / max(options))) for n in options}
        for g, options in counts.items()
    }
    precisions = {
        layer.name: {"int8": random.uniform(0, 0.1), "int8x4": random.uniform(0, 0.5)}
        for layer in layers
    }
    return space, losses_of(groups, {"mid": {4: float(random.uniform(0, 1))}}, precisions)


def every_plan(space: Space, default: str) -> list[Plan]:
    allowed = [p for p in family(default) if p in space.precisions]
    plans = []
    channels, ranks_of = (space.decisions[i].subjects for i in (0, 1))
    for counts in product(*channels.values()):
        kept = {name: int(count) for name, count in zip(channels, counts, strict=True)}
        choices = [
            [
                (rank, p)
                for rank, p in product(map(int, ranks_of[layer.name]), allowed)
                if (rank == 0 or saves(layer.cut(kept), rank)) and cost(layer.cut(kept), p)
            ]
            for layer in space.layers
        ]
        for chosen in product(*choices):
            ranks = {a.name: r for a, (r, _) in zip(space.layers, chosen, strict=True)}
            bits = {a.name: p for a, (_, p) in zip(space.layers, chosen, strict=True)}
            made: Chosen = {"prune_channels": kept, "factorize": ranks, "precision": bits}
            plans.append(Plan(made, default))
    return plans


def within(sums: Totals, limits: Limits) -> bool:
    return (
        sums.cost <= limits.cost * (1 + 1e-9)
        and sums.size_bytes <= limits.size_bytes * (1 + 1e-9)
        and sums.memory_bytes <= limits.memory_bytes
    )


@pytest.mark.slow
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
    found = solve(Question(space, losses, cost, limits, "int8"))
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
    found = solve(Question(space, losses, cost, Limits(), "float32"))
    assert found is not None
    assert found.of("prune_channels") == {"a": 16, "b": 32}
    assert set(found.of("factorize").values()) == {0}
    assert set(found.of("precision").values()) == {"float32"}


def test_allocate_prices_many_input_groups_by_first_differences() -> None:
    options = tuple(range(64, 0, -4))
    groups = {f"g{i}": options for i in range(4)}
    inputs = dict.fromkeys(["g0", "g1", "g2"], 1)
    merge = Layer("merge", LayerSpec("conv", 4, 4, 192, 64), inputs, 0, "g3")
    space = space_of(groups, [merge], ("int8",))
    losses = losses_of({g: {n: (64 - n) / 64 for n in options} for g in groups}, {}, {})
    full = totals(space, losses, cost, space.unchanged("int8"))
    found = solve(Question(space, losses, cost, Limits(full.cost / 2), "int8"))
    assert found is not None
    assert totals(space, losses, cost, found).cost <= full.cost * 0.6
    assert min(map(int, found.of("prune_channels").values())) < 64
