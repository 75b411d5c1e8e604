"""Models are held against what their file gives when it is read back."""

from typing import Any

import numpy as np
import pytest
from tests.keras_networks import residual_net
from tests.stateful_layers import gained
from tests.stateful_layers import layers as own

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.written import require_kept, require_portable

pytestmark = pytest.mark.slow

X = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)


def test_require_kept_names_the_layer_whose_state_is_lost() -> None:
    require_kept(gained(1.0), X, "The net")
    with pytest.raises(ModelError, match=r"The net is not .* 'gain' \(Gain\)") as caught:
        require_kept(gained(), X, "The net")
    assert "save_own_variables" in caught.value.hint


@pytest.mark.parametrize("size", [1e4, 1e-4])
def test_require_kept_looks_at_columns_of_unlike_size(size: float) -> None:
    keras = backend.keras()
    x = keras.Input((4,))
    gain = own().Gain(name="gain")
    other = keras.layers.Rescaling(size)(x)
    model = keras.Model(x, keras.layers.Concatenate()([other, gain(x)]))
    require_kept(model, X, "It")
    gain.factor = 1.5
    with pytest.raises(ModelError, match="'gain'"):
        require_kept(model, X, "It")


def test_require_kept_lets_random_layers_pass() -> None:
    keras = backend.keras()

    @keras.saving.register_keras_serializable("written")
    class Noisy(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def __init__(self, own_seed: bool, **settings: Any) -> None:
            super().__init__(**settings)
            self.own_seed = own_seed
            self.seed = keras.random.SeedGenerator(5) if own_seed else None

        def get_config(self) -> Any:
            return {**super().get_config(), "own_seed": self.own_seed}

        def call(self, x: Any) -> Any:
            return x + keras.random.normal((4,), seed=self.seed)

    for own_seed in (True, False):
        model = keras.Sequential([keras.Input((4,)), Noisy(own_seed), keras.layers.Dropout(0.5)])
        model(X, training=True)
        require_kept(model, X, "It")


def test_require_kept_makes_up_what_samples_do_not_fit() -> None:
    keras = backend.keras()
    left, right = keras.Input((4,), dtype="int32"), keras.Input((None, 2), batch_size=3)
    flat = keras.layers.GlobalMaxPooling1D()(right)
    merged = keras.layers.Embedding(2, 1)(left)
    require_kept(keras.Model([left, right], [merged, flat]), X, "It")
    require_kept(residual_net(), X, "It")


def test_require_portable_leaves_classes_that_nobody_registered_to_saving() -> None:
    keras = backend.keras()

    class Private(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def call(self, x: Any) -> Any:
            return x * 2

    require_portable(keras.Sequential([keras.Input((4,)), Private()]), "It")
    with pytest.raises(ModelError, match="'gain'"):
        require_portable(gained(), "It")
