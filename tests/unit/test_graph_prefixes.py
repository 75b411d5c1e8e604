"""Sub-networks by their widths: which channels stay, and that masks compute what cutting does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import SHAPE, dense_net, images, residual_net, squeeze_excite_net

from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.prefixes import Prefixes, masked_value
from edgehone.graph.rebuild import keep_channels

NETS: dict[str, Callable[[], Any]] = {
    "residual": residual_net,
    "squeeze-excite": squeeze_excite_net,
    "dense": dense_net,
}


SHAPES = {"dense": (12,)}
"""Shapes of what networks take that take no images."""


def shuffled(model: Any, seed: int = 0) -> Prefixes:
    """The sub-networks of a model whose channels go in a random order."""
    graph, rng = analyse(model), np.random.default_rng(seed)
    groups = [group for group in graph.groups if group.prunable]
    return Prefixes(graph, {g.name: rng.permutation(g.channels).tolist() for g in groups})


def samples(net: str, count: int) -> Any:
    """Random samples that a network takes."""
    return images(count, shape=SHAPES.get(net, SHAPE))


def drawn(prefixes: Prefixes, rng: np.random.Generator) -> dict[str, int]:
    """Random widths of every group."""
    return {name: int(rng.integers(1, size + 1)) for name, size in prefixes.sizes.items()}


@pytest.mark.slow
def test_prefix_keeps_the_first_of_the_order_and_leaves_whole_groups_out() -> None:
    prefixes = shuffled(dense_net())
    name, size = next(iter(prefixes.sizes.items()))
    kept = prefixes.kept({name: 2})
    assert kept == {name: sorted(prefixes.order[name][:2])}
    assert prefixes.kept({name: size}) == {}
    assert prefixes.vector({name: 2}).tolist() == [2, *list(prefixes.sizes.values())[1:]]


@pytest.mark.slow
def test_units_of_no_group_always_stay() -> None:
    prefixes = shuffled(residual_net())
    ones = np.ones(len(prefixes.sizes), np.int32)
    stays = np.asarray(prefixes.stays(ones)) > 0
    free = np.concatenate([prefixes.graph.units_of(name) for name in prefixes.sizes])
    assert stays[free].sum() == len(prefixes.sizes)
    assert np.delete(stays, free).all()


@pytest.mark.slow
def test_masked_value_is_zero_where_units_go() -> None:
    weight = np.arange(1.0, 7.0, dtype=np.float32).reshape(2, 3)
    stays = np.array([1, 0, 1, 1, 0], np.float32)
    places = [(1, np.array([0, 1, 2])), (0, np.array([3, 4]))]
    found = np.asarray(masked_value(weight, places, stays))
    assert found.tolist() == [[1, 0, 3], [0, 0, 0]]


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
def test_masked_network_computes_what_the_cut_one_does_at_any_widths(net: str) -> None:
    from edgehone.compress._masked_network import MaskedNetwork

    model, rng = NETS[net](), np.random.default_rng(1)
    prefixes = shuffled(model)
    network = MaskedNetwork.of(model, prefixes, prefixes.places(model))
    x, seen = samples(net, 4), []
    for _ in range(12):
        widths = drawn(prefixes, rng)
        small = keep_channels(model, prefixes.graph, prefixes.kept(widths))
        expected = np.asarray(small(x, training=False))
        found, _, _ = network.call(prefixes.vector(widths), x, training=False)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=1e-5 * scale)
        seen.append(np.asarray(found))
    assert all(np.abs(one - seen[0]).max() > 1e-3 for one in seen[1:])


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
def test_masked_network_learns_what_the_cut_one_does(net: str) -> None:
    """The gradients, with batch norms by the batch, are those of the cut network, and 0 beside."""
    import tensorflow as tf

    from edgehone.compress._masked_network import MaskedNetwork

    model, ops = NETS[net](), backend.keras().ops
    prefixes = shuffled(model)
    widths = drawn(prefixes, np.random.default_rng(2))
    small = keep_channels(model, prefixes.graph, prefixes.kept(widths))
    network = MaskedNetwork.of(model, prefixes, prefixes.places(model))
    for layer in (*model.layers, *small.layers):
        if hasattr(layer, "rate"):
            layer.rate = 0.0  # what is dropped is drawn for each network
    x = samples(net, 8)
    with tf.GradientTape() as tape:
        whole_loss = ops.mean(network.call(prefixes.vector(widths), x, training=True)[0] ** 2)
    found = tape.gradient(whole_loss, model.trainable_variables)
    with tf.GradientTape() as tape:
        loss = ops.mean(small(x, training=True) ** 2)
    expected = tape.gradient(loss, small.trainable_variables)
    stays, places = np.asarray(prefixes.stays(prefixes.vector(widths))) > 0, network.trainable
    np.testing.assert_allclose(whole_loss, loss, rtol=1e-4)
    for mine, theirs, where in zip(found, expected, places, strict=True):
        kept, rest = np.asarray(mine), np.abs(np.asarray(mine)).sum()
        for axis, units in where:
            kept = np.compress(stays[units], kept, axis=axis)
        np.testing.assert_allclose(kept, theirs, atol=1e-4 * max(np.abs(theirs).max(), 1e-3))
        np.testing.assert_allclose(np.abs(kept).sum(), rest, rtol=1e-5)
