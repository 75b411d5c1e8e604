"""What the search sums up for a plan, against the model that the plan's recipe makes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import shaken
from tests.tiny_nets import context

from edgehone.compress.recipe import compress
from edgehone.graph import backend
from edgehone.graph.costs import layer_specs
from edgehone.graph.groups import analyse
from edgehone.search.cost_table import keys_of
from edgehone.search.decisions.drop_blocks import DROP, KEEP
from edgehone.search.plan import Losses, Option, Plan
from edgehone.search.program import Question, solve
from edgehone.search.random_plans import drawn
from edgehone.search.recipes import bits_of, layer_rows, recipe_of
from edgehone.search.shapes import weights
from edgehone.search.space import Space, space_of
from edgehone.search.sums import Limits, totals
from edgehone.values import LayerSpec, Recipe

pytestmark = pytest.mark.slow  # TensorFlow

TECHNIQUES = ("prune_channels", "factorize", "drop_blocks")


def residual_and_equal() -> Any:
    """(8, 8, 1) -> 3 classes: a stem, two residual blocks, three equal separable convolutions in a
    row, three equal dense layers in a row.
    """
    keras = backend.keras()
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(8, 3, 2, "same", activation="relu", name="stem")(x)
    for number in range(2):
        y = layers.Conv2D(12, 3, padding="same", activation="relu", name=f"in{number}")(x)
        y = layers.Conv2D(8, 1, use_bias=False, name=f"out{number}")(y)
        x = layers.Add(name=f"add{number}")([x, layers.BatchNormalization()(y)])
    for number in range(3):
        x = layers.DepthwiseConv2D(3, padding="same", name=f"deep{number}")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(8, 1, activation="relu", name=f"point{number}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    for number in range(4):
        x = layers.Dense(16, activation="relu", name=f"dense{number}")(x)
    return shaken(keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x)))


@pytest.fixture(scope="module")
def model() -> Any:
    return residual_and_equal()


@pytest.fixture(scope="module")
def space(model: Any) -> Space:
    graph = analyse(model)
    return space_of(model, graph, multiple=2, precisions=("int8",), techniques=TECHNIQUES)


def cost(spec: LayerSpec, precision: str = "int8", default: str = "int8") -> float:
    """A number that no two shapes share."""
    return 1e-3 + 1e-6 * weights(spec) + 1e-9 * spec.out_channels * spec.height


def built(model: Any, plan: Plan, space: Space) -> tuple[Any, tuple[Any, ...]]:
    """The model of a plan, not trained."""
    steps = [s for s in recipe_of(plan, space, {}).steps if s.technique != "distill"]
    return compress(model, Recipe(tuple(steps)), context(model))


def dropping(space: Space, *names: str) -> Plan:
    plan = space.unchanged("int8")
    chosen = {**plan.of("drop_blocks"), **dict.fromkeys(names, DROP)}
    return Plan({**plan.choices, "drop_blocks": chosen}, "int8")


def plans(space: Space) -> Iterator[Plan]:
    """Plans with ranks of nothing but layers that are gone."""
    ranks = next(each.subjects for each in space.decisions if each.NAME == "factorize")
    smallest = space.effective(space.smallest("int8"))
    rows = dropping(space, "add1", "dense2", "dense3")
    wide = {**rows.of("prune_channels"), "in0": 16, "in1": 16}
    wider = Plan({**rows.choices, "prune_channels": wide}, "int8")
    for plan in (*drawn(space, 1, 4), smallest, wider):
        gone = space.gone(plan)
        low = {name: some[-1] if name in gone else 0 for name, some in ranks.items()}
        yield Plan({**plan.choices, "factorize": low}, plan.default)


def test_blocks_are_those_with_identity_shortcuts_and_layers_in_a_row(space: Space) -> None:
    decision = next(each for each in space.decisions if each.NAME == "drop_blocks")
    assert list(decision.subjects) == [
        "add0", "add1", "deep1", "deep2", "dense1", "dense2", "dense3",
    ]  # fmt: skip
    assert {tie.pair for _, tie in space.ties()} == {
        ("point0", "point1"), ("point1", "point2"),
        ("dense0", "dense1"), ("dense1", "dense2"), ("dense2", "dense3"),
    }  # fmt: skip


def test_dropping_needs_no_costs_of_its_own(space: Space) -> None:
    others = tuple(each for each in space.decisions if each.NAME != "drop_blocks")
    keys = keys_of(space)
    assert keys == keys_of(replace(space, decisions=others))
    assert {12, 16} <= {spec.out_channels for spec, _, _ in keys if spec.kernel == (3, 3)}


def test_a_plan_sums_to_what_the_built_model_has(model: Any, space: Space) -> None:
    for plan in plans(space):
        small, reports = built(model, plan, space)
        assert all(not report.skipped for report in reports)
        specs = layer_specs(small).values()
        sums = totals(space, Losses(), lambda spec, *_: cost(spec), plan)
        assert sums.cost == pytest.approx(sum(map(cost, specs)), rel=1e-9)
        rows = {row["name"]: row for row in layer_rows(plan, space)}
        there = {layer.name for layer in small.layers}
        assert {name for name, row in rows.items() if row["channels"]} == there & {*rows}
        assert {name for name, row in rows.items() if "dropped" in row} == {*rows} - there
        assert set(bits_of(plan, space).layers) <= there
        assert space.effective(plan).of("factorize") == dict.fromkeys(rows, 0)
        assert np.isfinite(np.asarray(small(np.ones((2, 8, 8, 1))))).all()


def test_the_program_drops_what_loses_little_and_keeps_rows_in_step(space: Space) -> None:
    """Of the plans within a limit the one of least loss, against trying all that drop blocks and
    keep all channels or half of one group.
    """
    drops = next(each for each in space.decisions if each.NAME == "drop_blocks")
    widths = next(each for each in space.decisions if each.NAME == "prune_channels")
    lossy: dict[str, dict[str, dict[Option, float]]] = {
        "drop_blocks": {name: {DROP: 0.1 * (1 + n)} for n, name in enumerate(drops.subjects)},
        "prune_channels": {g: {o: 0.5 * (o != few[0]) for o in few}
                           for g, few in widths.subjects.items()},
        "factorize": {layer.name: {2: 9.0, 4: 9.0, 6: 9.0, 8: 9.0} for layer in space.layers},
    }  # fmt: skip
    losses = Losses(lossy)
    whole = totals(space, losses, cost, space.unchanged("int8"))
    plan: Plan | None = None
    for share in (0.9, 0.7, 0.5, 0.3):
        limits = Limits(size_bytes=share * whole.size_bytes)
        plan = solve(Question(space, losses, cost, limits, "int8"))
        assert plan is not None
        sums = totals(space, losses, cost, plan)
        assert sums.within(limits)
        assert plan == space.effective(plan)
        tried = []
        for bits in range(2 ** len(drops.subjects)):
            names = [n for i, n in enumerate(drops.subjects) if bits >> i & 1]
            tried.append(totals(space, losses, cost, dropping(space, *names)))
        best = min((each.loss for each in tried if each.within(limits)), default=9.0)
        assert sums.loss <= best + 1e-9
    assert plan is not None
    dropped = {name for name, option in plan.of("drop_blocks").items() if option == DROP}
    assert dropped
    assert {KEEP, DROP} == {*plan.of("drop_blocks").values()} | {KEEP}
    kept = plan.of("prune_channels")
    for decision, tie in space.ties():
        if plan.of(decision.NAME)[tie.subject] == tie.option:
            assert kept[tie.pair[0]] == kept[tie.pair[1]]
