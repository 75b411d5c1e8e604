"""Copies of layers keep what files keep: weights, what is derived from them, and what is beside."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.stateful_layers import layers as own
from tests.stateful_layers import scales

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.copying import carry_state, copied
from edgehone.graph.rewrite import rewrite
from edgehone.graph.unfold import unfold
from edgehone.graph.written import require_kept

pytestmark = pytest.mark.slow

X, _ = scales()
WHOLE = np.random.default_rng(0).integers(0, 9, (20, 4))


def around(layer: Any, dtype: str = "float32") -> Any:
    """A model that is one layer, (4,) of a type in."""
    x = backend.keras().Input((4,), dtype=dtype)
    return backend.keras().Model(x, layer(x))


def outputs(model: Any, x: Any) -> Any:
    return np.asarray(model(x, training=False), np.float64)


def normalization() -> Any:
    layer = backend.keras().layers.Normalization()
    layer.adapt(X)
    return around(layer)


def discretization() -> Any:
    layer = backend.keras().layers.Discretization(num_bins=5)
    layer.adapt(X)
    return around(layer)


def lookup(mode: str) -> Any:
    layer = backend.keras().layers.IntegerLookup(output_mode=mode)
    layer.adapt(WHOLE[:10])
    return around(layer, "int64")


def spectral() -> Any:
    layers = backend.keras().layers
    model = around(layers.SpectralNormalization(layers.Dense(3)))
    model(X, training=True)
    return model


def table() -> Any:
    model = around(own().Table())
    model.layers[-1].factor = np.float32(3)
    return model


def shift() -> Any:
    model = around(own().Shift())
    model.layers[-1].amount, model.layers[-1].times = 2.5, 4
    return model


def wrapped() -> Any:
    """A compiled model of an adapted layer, applied to each step."""
    keras = backend.keras()
    inner = keras.Sequential([normalization(), keras.layers.Dense(2)])
    inner.compile("adam", loss=lambda y, z: keras.ops.sum(y - z))
    x = keras.Input((4,))
    step = keras.layers.Reshape((1, 4))(x)
    return keras.Model(x, keras.layers.TimeDistributed(inner)(step))


KEEPING: dict[str, Callable[[], Any]] = {
    "normalization": normalization,
    "discretization": discretization,
    "lookup": lambda: lookup("int"),
    "lookup by frequency": lambda: lookup("tf_idf"),
    "spectral": spectral,
    "own variables": table,
    "assets": shift,
    "wrapped": wrapped,
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", KEEPING)
def test_copies_compute_what_their_source_does(name: str, inside: bool) -> None:
    keras = backend.keras()
    model = KEEPING[name]()
    x = WHOLE if "lookup" in name else X
    if inside:
        start = keras.Input((4,), dtype=model.inputs[0].dtype)
        model = keras.Model(start, keras.layers.Rescaling(2.0)(model(start)))
    expected = outputs(model, x)
    assert expected.std() > 1e-2
    for copy in (rewrite(model, lambda _: None), unfold(model)):
        np.testing.assert_array_equal(outputs(copy, x), expected)
    require_kept(model, x, "It")


def test_copies_are_as_frozen_as_their_source() -> None:
    keras = backend.keras()
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dense(3)])
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="b")])
    inner.trainable = False
    inner.get_layer("a").trainable = True
    copy = rewrite(model, lambda _: None)
    flags = [[part.trainable for part in each._flatten_layers()] for each in (model, copy)]
    assert flags[0][1:] == flags[1][1:]
    assert len(copy.trainable_weights) == len(model.trainable_weights)


def test_copied_names_the_layer_that_cannot_be_made_from_its_settings() -> None:
    keras = backend.keras()

    class Secret(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def __init__(self, width: int, name: str = "") -> None:
            super().__init__(name=name)

        def get_config(self) -> Any:
            return {"name": self.name}

    with pytest.raises(ModelError, match=r"'hidden' \(Secret\) cannot be copied"):
        copied(Secret(3, name="hidden"))


def test_carry_state_refuses_a_copy_of_other_shapes() -> None:
    layers = backend.keras().layers
    wide, narrow = around(layers.Dense(3, name="wide")), around(layers.Dense(2))
    with pytest.raises(ModelError, match="'wide'"):
        carry_state(wide.layers[-1], narrow.layers[-1])
