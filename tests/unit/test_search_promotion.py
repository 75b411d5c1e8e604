"""What is given back to a plan for nothing, against trying every plan."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import search_worlds as worlds
from tests.search_worlds import limited

from edgehone.search.cost_table import keys_of
from edgehone.search.decisions.prune_channels import PruneChannels, wider_options
from edgehone.search.history import Goal, Tables
from edgehone.search.plan import Losses, Plan
from edgehone.search.promotion import cost_noise, promoted
from edgehone.search.shapes import weights
from edgehone.search.sums import Limits
from edgehone.values import LayerSpec

FAST = Goal("latency_p50_ms", True, ())
SMALL = Goal("size_bytes", True, ())
ACCURATE = Goal("accuracy", False, ())
NOISE = 0.02
"""Of one layer's cost."""


def stepped(spec: LayerSpec, precision: str, default: str = "") -> float | None:
    """Kernels that compute in blocks of 32 output channels: what is between two blocks is free."""
    whole = replace(spec, out_channels=-(-spec.out_channels // 32) * 32)
    whole = replace(whole, in_channels=-(-spec.in_channels // 32) * 32)
    return 0.001 + 1e-6 * weights(whole) * worlds.SPEED[precision]


def blocks() -> Tables:
    return replace(worlds.chain(), cost=stepped, noise=NOISE)


def narrow(tables: Tables, **kept: int) -> Plan:
    plan = tables.space.unchanged("int8")
    chosen = {**plan.of("prune_channels"), **kept}
    return Plan({**plan.choices, "prune_channels": chosen}, "int8")


def test_widths_between_two_blocks_are_given_back() -> None:
    tables = blocks()
    plan = narrow(tables, g0=8, g1=24, g2=40, g3=24)
    found = promoted(tables, plan, Limits(), FAST)
    assert found.of("prune_channels") == {"g0": 32, "g1": 32, "g2": 64, "g3": 32}
    before, after = tables.totals(plan), tables.totals(found)
    assert after.cost == pytest.approx(before.cost)
    assert after.loss < before.loss


def test_bytes_are_not_given_away_where_they_are_the_objective_or_limited() -> None:
    tables = blocks()
    plan = narrow(tables, g0=8, g1=24, g2=40, g3=24)
    assert promoted(tables, plan, Limits(), SMALL) == plan
    size = tables.totals(plan).size_bytes
    assert promoted(tables, plan, Limits(size_bytes=size), FAST) == plan
    some = promoted(tables, plan, Limits(size_bytes=1.3 * size), FAST)
    assert size < tables.totals(some).size_bytes <= 1.3 * size


def test_where_the_quality_is_the_objective_what_is_not_limited_is_free() -> None:
    tables = blocks()
    plan = narrow(tables, g0=8, g1=24, g2=40, g3=24)
    whole = promoted(tables, plan, Limits(), ACCURATE)
    assert whole.of("prune_channels") == {"g0": 32, "g1": 32, "g2": 64, "g3": 64}
    goal = replace(ACCURATE, budgets=(limited("latency_p50_ms", 1.0),))
    found = promoted(tables, plan, Limits(cost=2 * tables.totals(plan).cost), goal)
    assert tables.totals(found).cost == pytest.approx(tables.totals(plan).cost)


def test_whole_groups_get_more_channels_than_they_have_where_that_is_free() -> None:
    """Kernels that compute in blocks of 48 channels, but read single ones for 48 outputs."""

    def filled(spec: LayerSpec, precision: str, default: str = "") -> float | None:
        whole = -(-spec.out_channels // 48) * 48
        single = spec.out_channels == 48 and spec.in_channels > 3
        read = spec.in_channels if single else -(-spec.in_channels // 48) * 48
        return 0.001 + 1e-6 * weights(replace(spec, in_channels=read, out_channels=whole))

    tables = worlds.chain()
    channels, *others = tables.space.decisions
    assert isinstance(channels, PruneChannels)
    wide = replace(channels, wider={"g0": (40, 48), "g1": (48,), "g3": (72, 96)})
    tables = replace(tables, cost=filled, space=replace(tables.space, decisions=(wide, *others)))
    plan = narrow(tables, g0=24, g2=48, g3=48)
    found = promoted(tables, plan, Limits(), FAST).of("prune_channels")
    assert found == {"g0": 48, "g1": 32, "g2": 48, "g3": 48}  # g1: what reads it would cost more
    assert promoted(tables, plan, Limits(), SMALL) == plan
    size = tables.totals(narrow(tables, g2=48, g3=48)).size_bytes
    some = promoted(tables, plan, Limits(size_bytes=size), FAST).of("prune_channels")
    assert some == {"g0": 32, "g1": 32, "g2": 48, "g3": 48}
    steps = wide.steps(Plan({"prune_channels": found}, "int8"))
    assert [(step.technique, step.settings["channels"]) for step in steps] == [
        ("prune_channels", {"g2": 48, "g3": 48}),
        ("widen_channels", {"g0": 48}),
    ]
    parts = {spec.out_channels for spec, _, _ in keys_of(tables.space)}
    assert {40, 48, 72, 96} <= parts


def test_wider_options_fill_blocks() -> None:
    assert wider_options(24, 8) == (32,)
    assert wider_options(20, 8) == (24,)
    assert wider_options(44, 8) == (48, 64)
    assert wider_options(32, 8) == wider_options(9, 8) == ()


def test_a_table_that_errs_makes_no_width_narrower() -> None:
    """Fewer channels that seem to lose nothing: nothing is traded for them."""
    tables = blocks()
    table = {name: dict(rows) for name, rows in tables.losses.table["prune_channels"].items()}
    table["g2"] = dict.fromkeys(table["g2"], 0.0) | {40: 0.3}
    tables = replace(tables, losses=Losses({**tables.losses.table, "prune_channels": table}))
    plan = narrow(tables, g0=8, g1=24, g2=40, g3=24)
    for goal in (FAST, SMALL, ACCURATE):
        kept = promoted(tables, plan, Limits(), goal).of("prune_channels")
        assert all(int(kept[name]) >= int(plan.of("prune_channels")[name]) for name in kept)


def rounded(tables: Tables) -> Plan:
    """An int8 file whose layers have weights of four bits."""
    plan = tables.space.unchanged("int8")
    bits = dict.fromkeys(plan.of("precision"), "int8x4")
    return Plan({**plan.choices, "precision": bits}, "int8")


def test_a_precision_is_given_back_where_it_is_as_fast() -> None:
    tables = worlds.mixed(0)
    same = replace(tables, cost=lambda spec, precision, default: 0.01)
    plan = rounded(same)
    found = promoted(same, plan, Limits(), FAST)
    assert found.default == "int8"
    assert "int8x4" not in found.of("precision").values()


def test_a_layer_that_the_format_lacks_is_not_given_back() -> None:
    tables = worlds.mixed(0)

    def cost(spec: LayerSpec, precision: str, default: str) -> float | None:
        return None if precision != default else 0.01

    plan = tables.space.unchanged("int8")
    assert promoted(replace(tables, cost=cost), plan, Limits(), FAST) == plan


def every_change(tables: Tables, plan: Plan) -> Iterator[Plan]:
    for decision in tables.space.decisions:
        for subject in decision.subjects:
            above = decision.above(subject, plan.of(decision.NAME)[subject])
            for option in set(above) & set(decision.allowed(subject, plan.default)):
                chosen = {**plan.of(decision.NAME), subject: option}
                yield Plan({**plan.choices, decision.NAME: chosen}, plan.default)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), picks=st.lists(st.integers(0, 4), min_size=2, max_size=2))
def test_nothing_free_is_left_and_nothing_rises(seed: int, picks: list[int]) -> None:
    tables = replace(worlds.mixed(seed), noise=NOISE)
    groups = tables.space.decisions[0].subjects
    plan = tables.space.unchanged("int8")
    kept = {
        name: options[pick % len(options)]
        for (name, options), pick in zip(groups.items(), picks, strict=True)
    }
    plan = Plan({**plan.choices, "prune_channels": kept}, "int8")
    found = promoted(tables, plan, Limits(), FAST)
    before, after = tables.totals(plan), tables.totals(found)
    assert after.loss <= before.loss
    most = before.cost * (1 + cost_noise(tables, plan))
    assert after.cost <= most
    for other in every_change(tables, found):
        sums = tables.totals(other)
        fits = sums.cost <= most and tables.can_be_had(other)
        assert not (fits and sums.loss < after.loss - 1e-9)


def test_a_plan_over_its_limits_is_left_alone_and_not_made_worse() -> None:
    tables = blocks()
    for counts in product((8, 32), (8, 32)):
        plan = narrow(tables, g0=counts[0], g1=counts[1])
        limits = Limits(cost=0.5 * tables.totals(plan).cost)
        found = promoted(tables, plan, limits, FAST)
        noise = cost_noise(tables, plan)
        assert tables.totals(found).cost <= tables.totals(plan).cost * (1 + noise)


def test_what_differs_by_less_than_the_noise_is_given_back_and_no_more() -> None:
    """Several layers' errors are independent: of four alike, a sum errs by half as much."""
    tables = replace(worlds.chain(), cost=lambda spec, precision, default: 1.0)
    plan = tables.space.unchanged("int8")
    assert cost_noise(replace(tables, noise=0.02), plan) == pytest.approx(0.01)
    assert cost_noise(tables, plan) == 0

    def rising(spec: LayerSpec, precision: str, default: str = "") -> float:
        return 1.0 + 1e-4 * spec.out_channels

    exact, noisy = (replace(tables, cost=rising, noise=noise) for noise in (0.0, 0.02))
    cut = narrow(exact, g0=8)
    assert promoted(exact, cut, Limits(), FAST).of("prune_channels")["g0"] == 8
    assert promoted(noisy, cut, Limits(), FAST).of("prune_channels")["g0"] == 32
