"""Weights of layers without a cost are counted by the channels that are left, like any others."""

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any

import pytest

from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph, analyse
from edgehone.graph.rebuild import keep_channels
from edgehone.search.carried import carried_weights
from edgehone.search.history import Tables
from edgehone.search.plan import Losses, Plan
from edgehone.search.program import Question, solve
from edgehone.search.space import Space, space_of
from edgehone.search.summing import Summing
from edgehone.search.sums import Limits


def embedded() -> Any:
    """Sentences by an embedding, a recurrent and an attention layer, convolutions of all kinds."""
    keras = backend.keras()
    layers = keras.layers
    backend.seed(0)
    words = layers.Input((12,), dtype="int32", name="words")
    x = layers.Embedding(50, 16, name="embedding")(words)
    x = layers.Conv1D(16, 3, padding="same", dilation_rate=2, activation="relu", name="far")(x)
    x = layers.Bidirectional(layers.GRU(8, return_sequences=True), name="both")(x)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.MultiHeadAttention(4, 4, name="attention")(x, x)
    x = layers.Conv1DTranspose(8, 3, padding="same", activation="relu", name="up")(x)
    x = layers.LSTM(8, name="last")(x)
    return keras.Model(words, layers.Dense(3, activation="softmax", name="head")(x))


@pytest.fixture(scope="module")
def model() -> Any:
    return embedded()


@pytest.fixture(scope="module")
def graph(model: Any) -> ChannelGraph:
    return analyse(model)


@pytest.fixture(scope="module")
def space(model: Any, graph: ChannelGraph) -> Space:
    return space_of(
        model, graph, multiple=4, precisions=("int8",), techniques=("prune_channels", "factorize")
    )


def elements(model: Any, names: set[str]) -> Mapping[str, int]:
    """Numbers in the weights of each of these layers."""
    return {
        layer.name: sum(prod(weight.shape) for weight in layer.weights)
        for layer in model.layers
        if layer.name in names
    }


def test_weights_shrink_as_those_of_the_pruned_model_do(model: Any, graph: ChannelGraph) -> None:
    free = {group.name: group.channels for group in graph.groups if group.prunable}
    carried = carried_weights(model, graph, free, {"head"})
    names = {each.layer for each in carried}
    assert {"embedding", "far", "both", "attention", "up", "last"} == names
    before = elements(model, names)
    for group, channels in free.items():
        kept = channels // 2
        small = keep_channels(model, graph, {group: range(kept)})
        lost: Counter[str] = Counter()
        for each in carried:
            whole, cut = each.elements(free), each.elements({**free, group: kept})
            lost[each.layer] += whole - cut
        after = elements(small, names)
        assert {name: before[name] - after[name] for name in names} == {
            name: lost[name] for name in names
        }, group


def test_layers_that_have_a_shape_are_not_counted_twice(space: Space) -> None:
    assert {each.layer for each in space.carried}.isdisjoint(each.name for each in space.layers)
    assert "embedding" in space.decisions[0].subjects  # although no cost speaks of it


def test_the_program_narrows_what_takes_the_bytes(space: Space) -> None:
    losses = Losses(
        {
            "prune_channels": {
                name: {option: 1.0 + place for place, option in enumerate(options[1:])}
                for name, options in space.decisions[0].subjects.items()
            }
        }
    )
    tables = Tables(space, losses, lambda *_: 0.0)
    whole = tables.totals(space.unchanged("int8"))
    limit = whole.size_bytes - 50 * 4  # four channels of fifty words
    plan = solve(Question(space, losses, tables.cost, Limits(size_bytes=limit), "int8"))
    assert plan is not None
    narrowed = {
        name
        for name, count in plan.of("prune_channels").items()
        if count != space.decisions[0].subjects[name][0]
    }
    assert narrowed
    assert tables.totals(plan).size_bytes <= limit
    assert Summing(tables).totals(plan) == tables.totals(plan)


def test_a_plan_without_narrower_groups_counts_all(space: Space, model: Any) -> None:
    plan: Plan = space.unchanged("int8")
    names = {each.layer for each in space.carried}
    whole = sum(each.elements(space.widths(plan)) for each in space.carried)
    assert whole == sum(elements(model, names).values())
