"""Models inside models laid open."""

from typing import Any

import numpy as np
import pytest
from tests.keras_networks import SHAPE, dense_net, images, residual_net, shaken

from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.unfold import unfold

pytestmark = pytest.mark.slow


def run(model: Any, x: Any, training: bool = False) -> Any:
    return np.asarray(model(x, training=training))


def transfer(training: bool | None = None) -> Any:
    """A backbone inside a model inside a model, each with a layer of the same name."""
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input(SHAPE, name="photo")
    parts = [layers.Input((10,)), layers.Dense(8, activation="relu", name="head")]
    middle = keras.Sequential(parts, name="middle")
    x = residual_net()(layers.Rescaling(2.0)(inputs), training=training)
    return shaken(keras.Model(inputs, layers.Dense(3, name="head")(middle(x)), name="transfer"))


def test_unfold_lays_the_layers_of_inner_models_open() -> None:
    model = transfer()
    flat = unfold(model)
    names = [layer.name for layer in flat.layers]
    assert not {"residual", "middle"} & {*names}
    assert {"stem", "block2_b", "residual_head", "middle_head", "head"} <= {*names}
    assert flat.output_names == ["head"]
    assert flat.count_params() == model.count_params()
    np.testing.assert_allclose(run(flat, images()), run(model, images()), atol=1e-5)
    assert not [group for group in analyse(model).groups if group.name == "stem"]
    assert analyse(flat).group("stem").prunable


@pytest.mark.parametrize("training", [True, False, None])
def test_unfold_passes_on_how_inner_models_were_called(training: bool | None) -> None:
    model = transfer(training)
    flat, x = unfold(model), images(6)
    np.testing.assert_allclose(run(flat, x, True), run(model, x, True), atol=1e-4)


def test_unfold_leaves_plain_models_as_they_are() -> None:
    model = dense_net()
    assert unfold(model) is model


def test_unfold_uses_the_layers_of_a_model_as_often_as_the_model() -> None:
    keras = backend.keras()
    layers = keras.layers
    deep = keras.Sequential([keras.Input((5,)), layers.Dense(4, name="deep")], name="inside")
    parts = [keras.Input((4,)), layers.Dense(5, activation="relu"), layers.BatchNormalization()]
    twin = keras.Sequential([*parts, deep], name="twin")
    left, right = keras.Input((4,)), keras.Input((4,))
    model = shaken(keras.Model([left, right], layers.Subtract()([twin(left), twin(right)])))
    flat, x = unfold(model), [images(3, seed, shape=(4,)) for seed in (1, 2)]
    assert [layer.name for layer in flat.layers].count("deep") == 1
    assert flat.count_params() == model.count_params()
    expected = run(model, x)
    assert expected.std() > 1e-3
    np.testing.assert_array_equal(run(flat, x), expected)
    graph = analyse(flat)
    assert [group.channels for group in graph.groups if group.prunable] == [5]
