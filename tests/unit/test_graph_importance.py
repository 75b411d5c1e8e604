"""How strongly channels speak."""

import numpy as np
import pytest
from tests.keras_networks import dense_net, residual_net

from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.importance import channel_importance, strongest


def test_strongest_takes_the_largest_and_the_earlier_of_equals() -> None:
    assert strongest(np.array([1.0, 3.0, 2.0, 3.0, 1.0]), 2) == [1, 3]
    assert strongest(np.array([1.0, 1.0, 1.0]), 2) == [0, 1]
    assert strongest(np.array([1.0, 2.0]), 5) == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize(("norm", "order"), [("l1", 1), ("l2", 2)])
def test_channel_importance_is_the_norm_of_what_makes_a_channel(norm: str, order: int) -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5,))
    x = layers.Dense(4, activation="relu", name="first")(inputs)
    model = backend.keras().Model(inputs, layers.Dense(2)(x))
    found = channel_importance(model, analyse(model), "l1" if norm == "l1" else "l2")
    expected = np.linalg.norm(np.asarray(model.get_layer("first").kernel), ord=order, axis=0)
    np.testing.assert_allclose(found["first"], expected / expected.mean(), rtol=1e-5)


@pytest.mark.slow
def test_channel_importance_heeds_the_batch_norm() -> None:
    model = dense_net()
    gamma, *others = model.get_layer("norm").get_weights()
    gamma[:] = 1
    gamma[3] = 0
    model.get_layer("norm").set_weights([gamma, *others])
    assert channel_importance(model, analyse(model))["first"][3] == 0


@pytest.mark.slow
def test_channel_importance_counts_all_layers_that_are_tied() -> None:
    model = residual_net()
    found = channel_importance(model, analyse(model))
    assert set(found) == {group.name for group in analyse(model).groups if group.prunable}
    np.testing.assert_allclose(found["block1_b"].mean(), 2, rtol=1e-6)
    np.testing.assert_allclose(found["block1_a"].mean(), 1, rtol=1e-6)
