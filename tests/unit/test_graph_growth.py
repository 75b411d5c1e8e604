"""Models made wider: what they compute, against sums by hand, and what cannot be widened.

That any network computes the same afterwards: `tests/property/test_rebuild.py`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import images, shaken

from edgehone.errors import UsageError
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.growth import frozen, grow_channels
from edgehone.graph.loading import load, save

pytestmark = pytest.mark.slow  # TensorFlow


@pytest.fixture(scope="module")
def model() -> Any:
    """(6, 6, 2) -> 3: a convolution, a norm, a depthwise one, flattened, two dense layers."""
    layers = backend.keras().layers
    x = inputs = layers.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, name="conv")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    x = layers.DepthwiseConv2D(3, name="deep")(x)
    x = layers.Dense(4, activation="tanh", name="hidden")(layers.Flatten()(x))
    return shaken(backend.keras().Model(inputs, layers.Dense(3, name="head")(x)))


def grown(model: Any, noise: float = 0.0, **wanted: int) -> Any:
    return grow_channels(model, analyse(model), wanted, noise=noise)


def test_copies_are_made_alike_and_read_in_shares(model: Any) -> None:
    for noise in (0.0, 0.5):
        wide = grown(model, noise, conv=5, hidden=10)
        made = np.asarray(wide.get_layer("conv").kernel)
        place = [int(np.flatnonzero((np.asarray(model.get_layer("conv").kernel)
                 == made[..., [n]]).all((0, 1, 2)))[0]) for n in range(5)]  # fmt: skip
        assert sorted(place) == place
        assert sorted({*place}) == [0, 1, 2]
        for name in ("bias", "gamma", "moving_variance"):
            layer = "conv" if name == "bias" else "norm"
            before, after = (np.asarray(getattr(m.get_layer(layer), name)) for m in (model, wide))
            np.testing.assert_array_equal(after, before[place])
        read = np.asarray(wide.get_layer("hidden").kernel).reshape(4, 5, 10)
        whole = np.asarray(model.get_layer("hidden").kernel).reshape(4, 3, 4)
        for channel in range(3):
            copies = [n for n in range(5) if place[n] == channel]
            columns = np.asarray(wide.get_layer("hidden").bias)
            for unit, bias in enumerate(np.asarray(model.get_layer("hidden").bias)):
                for column in np.flatnonzero(columns == bias):
                    summed = sum(read[:, n, column] for n in copies)
                    np.testing.assert_allclose(summed, whole[:, channel, unit], rtol=1e-5)
            if len(copies) == 2:
                alike = np.allclose(read[:, copies[0]], read[:, copies[1]], rtol=1e-3)
                assert alike == (noise == 0)
        x = images(4, shape=(6, 6, 2))
        expected = np.asarray(model(x))
        assert expected.std() > 0.1
        np.testing.assert_allclose(np.asarray(wide(x)), expected, rtol=1e-5, atol=1e-5)


def test_copies_learn_apart_with_noise_alone(model: Any) -> None:
    x = images(16, shape=(6, 6, 2))
    for noise, apart in ((0.0, False), (0.5, True)):
        wide = grown(model, noise, hidden=8)
        wide.compile("sgd", "mse")
        wide.fit(x, np.ones((16, 3)), epochs=2, verbose=0)
        kernel = np.asarray(wide.get_layer("hidden").kernel)
        assert (np.abs(kernel[:, ::2] - kernel[:, 1::2]).max() > 1e-4) == apart


def test_a_wider_model_is_one_that_files_keep(model: Any, tmp_path: Path) -> None:
    wide = grown(model, conv=7)
    save(wide, tmp_path / "wide.keras")
    again = load(str(tmp_path / "wide.keras"))
    x = images(3, shape=(6, 6, 2))
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(wide(x)))
    assert again.get_layer("deep").kernel.shape[2] == 7
    assert model.get_layer("conv").filters == 3


def test_groups_that_cannot_be_widened_say_why(model: Any) -> None:
    layers = backend.keras().layers
    inputs = layers.Input((6, 4))
    x = layers.Dense(8, name="stem")(inputs)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.MultiHeadAttention(2, 3, name="attend")(x, x)
    x = layers.Dense(5, name="after")(layers.GlobalAveragePooling1D()(x))
    other = shaken(backend.keras().Model(inputs, layers.Dense(2, name="head")(x)))
    reasons = frozen(other, analyse(other))
    assert "takes its statistics over all channels" in reasons["stem"]
    assert reasons["attend/heads"] == "they are heads of an attention layer"
    assert "tied to the model's output" in reasons["head"]
    assert reasons["after"] == ""
    with pytest.raises(UsageError, match="'stem' cannot be widened: layer 'norm'"):
        grown(other, stem=10)
    with pytest.raises(UsageError, match="'conv' has 3 channels, and cannot be widened to 2"):
        grown(model, conv=2)
    with pytest.raises(UsageError, match="Unknown channel group 'nothing'"):
        grown(model, nothing=2)
