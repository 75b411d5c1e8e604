"""First-order importance, against gates that are really there."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.tiny_nets import SIDE, images, residual_net

from edgehone.compress._taylor import BATCH, taylor_importance
from edgehone.data import Split
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.values import Task


def gated_twin(model: Any) -> Any:
    """`residual_net` with two further inputs: gates on what reads the stem's units, and a's."""
    keras = backend.keras()
    layers, part = keras.layers, model.get_layer
    x = inputs = keras.Input((SIDE, SIDE, 1))
    stem, a = keras.Input((1, 1, 8)), keras.Input((1, 1, 16))
    x = layers.ReLU()(part("stem_bn")(part("stem")(x)))
    y = part("b")(layers.Multiply()([part("a")(layers.Multiply()([x, stem])), a]))
    x = layers.ReLU()(layers.Add()([x, part("b_bn")(y)]))
    x = layers.GlobalAveragePooling2D()(layers.Multiply()([x, stem]))
    return keras.Model([inputs, stem, a], part("head")(x))


def by_gates(model: Any, split: Split) -> list[NDArray[np.float64]]:
    """Squared derivative of the mean cross-entropy by each gate, over the whole split at once."""
    import tensorflow as tf

    twin = gated_twin(model)
    gates = [tf.Variable(tf.ones((1, 1, 1, width))) for width in (8, 16)]
    with tf.GradientTape() as tape:
        wide = [tf.repeat(gate, len(split), axis=0) for gate in gates]
        chances = twin([tf.constant(split.x), *wide], training=False)
        picked = tf.gather(chances, split.y.astype(np.int32), batch_dims=1)
        loss = -tf.reduce_mean(tf.math.log(picked))
    return [np.asarray(g, np.float64).ravel() ** 2 for g in tape.gradient(loss, gates)]


@pytest.mark.slow
def test_taylor_importance_is_the_squared_derivative_by_a_gate_on_the_readers() -> None:
    model, split = residual_net(8), images(BATCH)
    found = taylor_importance(model, analyse(model), split, Task())
    for name, expected in zip(("stem", "a"), by_gates(model, split), strict=True):
        assert expected.max() > 10 * expected.min()
        np.testing.assert_allclose(found[name], expected, rtol=1e-3, atol=1e-4 * expected.max())


@pytest.mark.slow
def test_taylor_importance_is_a_mean_over_batches_and_the_same_for_a_seed() -> None:
    model, split = residual_net(8), images(2 * BATCH)
    graph = analyse(model)
    both = taylor_importance(model, graph, split, Task(), seed=4)
    again = taylor_importance(model, graph, split, Task(), seed=4)
    order = np.random.default_rng(4).permutation(len(split))
    halves = [
        taylor_importance(model, graph, Split(split.x[rows], split.y[rows]), Task())
        for rows in (order[:BATCH], order[BATCH:])
    ]
    assert not np.allclose(halves[0]["a"], halves[1]["a"], rtol=0.1)
    for name, values in both.items():
        assert (values == again[name]).all()
        np.testing.assert_allclose(values, (halves[0][name] + halves[1][name]) / 2, rtol=1e-3)


@pytest.mark.slow
def test_taylor_importance_gives_what_a_removed_unit_costs_when_it_is_small() -> None:
    model, split = residual_net(8), images(BATCH)
    quiet = [1, 6, 11]
    layer = model.get_layer("a")
    kernel, bias = layer.get_weights()
    kernel[..., quiet] *= 1e-3
    bias[quiet] *= 1e-3
    layer.set_weights([kernel, bias])
    found = taylor_importance(model, analyse(model), split, Task())["a"]
    assert found[quiet].max() < 1e-4 * np.median(found)


@pytest.mark.slow
def test_taylor_importance_knows_groups_without_kernels_that_read_them_and_other_losses() -> None:
    layers = backend.keras().layers
    backend.seed(2)
    inputs = layers.Input((6, 8))
    x = layers.Dense(12, name="embed")(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(4, 3, name="attend")(x, x)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(name="norm")(x))
    model = backend.keras().Model(inputs, layers.Dense(1, name="out")(x))
    random = np.random.default_rng(0)
    split = Split(random.normal(size=(40, 6, 8)).astype(np.float32), random.normal(size=40))
    graph = analyse(model)
    found = taylor_importance(model, graph, split, Task("regression", "mae"))
    sizes = {group.name: group.channels for group in graph.groups if group.prunable}
    assert "attend/heads" in sizes
    assert {name: len(values) for name, values in found.items()} == sizes
    assert all(np.isfinite(v).all() and v.std() > 0 for v in found.values())
