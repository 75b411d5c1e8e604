"""Models scaled in width."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keras_networks import dense_net, images, residual_net

from edgehone.errors import UsageError
from edgehone.graph.groups import analyse
from edgehone.graph.widths import fresh_weights, scale_widths, scaled_channels


@pytest.mark.parametrize(
    ("channels", "factor", "multiple", "minimum", "expected"),
    [
        (32, 0.5, 1, 4, 16),
        (30, 0.5, 8, 4, 16),
        (8, 0.25, 1, 4, 4),
        (3, 0.5, 1, 4, 3),
        (5, 0.1, 1, 1, 1),
        (10, 1.0, 8, 1, 8),
        (2, 1.0, 8, 1, 1),
    ],
)
def test_scaled_channels_rounds_to_multiples_within_bounds(
    channels: int, factor: float, multiple: int, minimum: int, expected: int
) -> None:
    assert scaled_channels(channels, factor, multiple, minimum) == expected


@given(st.integers(1, 500), st.floats(0.01, 1.0), st.integers(1, 16), st.integers(0, 16))
def test_scaled_channels_stays_between_one_and_all(
    channels: int, factor: float, multiple: int, minimum: int
) -> None:
    assert 1 <= scaled_channels(channels, factor, multiple, minimum) <= channels


@pytest.mark.parametrize("factor", [0.0, -1.0, 1.5])
def test_scale_widths_refuses_widths_out_of_range(factor: float) -> None:
    with pytest.raises(UsageError, match="not in"):
        scale_widths(None, factor)


@pytest.mark.slow
def test_scale_widths_halves_every_group_and_keeps_the_borders() -> None:
    model = residual_net()
    narrow = scale_widths(model, 0.5)
    before, after = analyse(model), analyse(narrow)
    for group in before.groups:
        expected = group.channels // 2 if group.prunable else group.channels
        assert after.group(group.name).channels == expected
    assert narrow.output_shape == model.output_shape
    assert narrow.input_shape == model.input_shape


@pytest.mark.slow
def test_scale_widths_draws_the_same_weights_for_a_seed() -> None:
    x = images()
    outputs = [np.asarray(scale_widths(residual_net(), 0.5, seed=seed)(x)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert np.abs(outputs[0] - outputs[2]).max() > 1e-3


@pytest.mark.slow
def test_scale_widths_inherits_the_strongest_channels() -> None:
    model = dense_net()
    kernel = np.zeros((12, 8), np.float32)
    kernel[:, [1, 4, 5, 6]] = 3.0
    model.get_layer("first").set_weights([kernel, np.zeros(8)])
    narrow = scale_widths(model, 0.5, minimum=1, inherit=True)
    np.testing.assert_array_equal(
        np.asarray(narrow.get_layer("first").kernel), kernel[:, 4:8] * 0 + 3
    )


@pytest.mark.slow
def test_fresh_weights_keep_the_statistics_of_data() -> None:
    from edgehone.graph import backend

    keras: Any = backend.keras()
    layers = keras.layers
    norm = layers.Normalization(mean=None, name="scale")
    norm.adapt(images(50, shape=(4,)) * 3 + 1)
    inputs = layers.Input((4,))
    model = keras.Model(inputs, layers.Dense(2, name="head")(norm(inputs)))
    fresh = fresh_weights(model)
    x = images(3, shape=(4,))
    np.testing.assert_allclose(
        np.asarray(fresh.get_layer("scale")(x)), np.asarray(norm(x)), rtol=1e-6
    )
    assert not np.array_equal(fresh.get_layer("head").kernel, model.get_layer("head").kernel)


@pytest.mark.slow
def test_fresh_weights_reach_into_wrappers() -> None:
    from edgehone.graph import backend

    keras: Any = backend.keras()
    layers = keras.layers
    inputs = layers.Input((4, 3))
    x = layers.TimeDistributed(layers.Dense(5), name="each")(inputs)
    x = layers.Bidirectional(layers.GRU(4), name="both")(x)
    model = keras.Model(inputs, layers.Dense(2, name="head")(x))
    first, again, other = (fresh_weights(model, seed) for seed in (1, 1, 2))
    for name in ("each", "both"):
        old, new, same, drawn = (
            np.asarray(each.get_layer(name).weights[0]) for each in (model, first, again, other)
        )
        assert not np.array_equal(old, new)
        assert not np.array_equal(new, drawn)
        np.testing.assert_array_equal(new, same)
    weights = first.get_layer("both").weights
    assert not np.array_equal(weights[0], weights[3])
