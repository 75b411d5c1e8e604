"""Models made anew with some layers replaced."""

from typing import Any

import numpy as np
import pytest
from tests.keras_networks import dense_net, images, residual_net, shaken

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.rewrite import Replacement, rewrite

pytestmark = pytest.mark.slow


def run(model: Any, x: Any) -> Any:
    return np.asarray(model(x, training=False))


def nothing(layer: Any) -> Replacement:
    return None


def test_rewrite_copies_what_is_not_replaced() -> None:
    for model in (residual_net(), dense_net()):
        copy = rewrite(model, nothing)
        x = images(shape=model.input_shape[1:])
        np.testing.assert_array_equal(run(copy, x), run(model, x))
        assert not {id(layer) for layer in copy.layers} & {id(layer) for layer in model.layers}
        assert copy.name == model.name


def test_rewrite_puts_chains_in_the_place_of_a_layer() -> None:
    model, layers = dense_net(), backend.keras().layers

    def replace(layer: Any) -> Replacement:
        if layer.name != "second":
            return None
        kernel, bias = layer.get_weights()
        first = layers.Dense(8, use_bias=False, name="second_svd")
        second = layers.Dense(6, activation="tanh", name="second")
        return ((first, [np.eye(8)]), (second, [kernel, bias]))

    made = rewrite(model, replace)
    names = [layer.name for layer in made.layers]
    assert names.index("second") == names.index("second_svd") + 1
    x = images(shape=(12,))
    np.testing.assert_allclose(run(made, x), run(model, x), atol=1e-6)


def test_rewrite_drops_layers() -> None:
    model = dense_net()
    made = rewrite(model, lambda layer: () if layer.name == "norm" else None)
    assert "norm" not in [layer.name for layer in made.layers]
    assert made.output_shape == model.output_shape


def test_rewrite_leaves_weights_that_are_none_as_initialised() -> None:
    model, layers = dense_net(), backend.keras().layers

    def replace(layer: Any) -> Replacement:
        if layer.name != "head":
            return None
        return ((layers.Dense(3, kernel_initializer="zeros", name="head"), None),)

    np.testing.assert_array_equal(run(rewrite(model, replace), images(shape=(12,))), 0)


def test_rewrite_keeps_training_settings_of_calls_and_inner_models() -> None:
    keras = backend.keras()
    layers = keras.layers
    inner_inputs = layers.Input((4,))
    inner = keras.Model(inner_inputs, layers.BatchNormalization()(inner_inputs), name="inner")
    inputs = layers.Input((4,))
    model = shaken(keras.Model(inputs, layers.Dense(2)(inner(inputs, training=False))))
    copy, x = rewrite(model, nothing), images(shape=(4,))
    expected = np.asarray(model(x, training=True))
    np.testing.assert_array_equal(np.asarray(copy(x, training=True)), expected)


def test_rewrite_calls_what_is_edited_in_the_way_given() -> None:
    keras = backend.keras()
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3, name="twice")(inputs)
    model = shaken(keras.Model(inputs, x * 2.0))
    scale = model.layers[-1].name if len(model.layers) > 2 else model.operations[-1].name

    def edit(operation: Any, arguments: Any, settings: Any) -> Any:
        return operation(*arguments, **settings) + 1.0

    made, x = rewrite(model, nothing, {"twice": edit, scale: edit}), images(shape=(4,))
    expected = (run(model, x) / 2 + 1) * 2 + 1
    np.testing.assert_allclose(run(made, x), expected, rtol=1e-5, atol=1e-6)


def test_rewrite_does_not_compile_what_was_compiled() -> None:
    model = dense_net()
    model.compile("adam", "mse")
    assert not rewrite(model, nothing).compiled


def test_rewrite_names_the_layer_that_cannot_be_copied() -> None:
    keras = backend.keras()

    class Odd(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def __init__(self, table: Any) -> None:
            super().__init__(name="odd")
            self.table = table

        def call(self, x: Any) -> Any:
            return x

    inputs = keras.layers.Input((3,))
    with pytest.raises(ModelError, match=r"'odd' \(Odd\) cannot be copied"):
        rewrite(keras.Model(inputs, Odd(object())(inputs)), nothing)
