from typing import Any

import numpy as np
import pytest

from edgehone.compress._fake_quantization import (
    ends_of,
    opened,
    rounded_activations,
    rounded_weights,
)
from edgehone.compress._rounding_layers import rounding, with_rounded_weights
from edgehone.graph import backend

pytestmark = pytest.mark.slow  # TensorFlow

RNG = np.random.default_rng(0)


def slow_weights(kernel: Any, kept: tuple[int, ...], bits: int) -> Any:
    """Every weight on its channel's steps, one by one."""
    most, found = 2 ** (bits - 1) - 1, np.zeros_like(kernel)
    for index in np.ndindex(*kernel.shape):
        channel = tuple(
            i if axis - kernel.ndim in kept else slice(None) for axis, i in enumerate(index)
        )
        scale = np.abs(kernel[channel]).max() / most
        found[index] = np.clip(round(float(kernel[index] / scale)), -most, most) * scale
    return found


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize(
    ("shape", "kept"),
    [((3, 3, 4, 5), (-1,)), ((3, 3, 4, 5), (-2,)), ((3, 3, 4, 2), (-2, -1)), ((6, 5), (-1,))],
)
def test_rounded_weights_are_on_the_steps_of_their_channel(
    shape: tuple[int, ...], kept: tuple[int, ...], bits: int
) -> None:
    kernel = RNG.normal(size=shape).astype(np.float32)
    found = np.asarray(rounded_weights(kernel, kept, bits))
    assert np.allclose(found, slow_weights(kernel, kept, bits), atol=1e-6)
    assert np.abs(found - kernel).max() > 1e-4
    assert np.abs(found).max() == pytest.approx(np.abs(kernel).max(), rel=1e-6)


def test_rounded_weights_of_a_channel_of_zeros_are_zeros() -> None:
    kernel = RNG.normal(size=(4, 3)).astype(np.float32)
    kernel[:, 1] = 0
    found = np.asarray(rounded_weights(kernel, (-1,), 4))
    assert (found[:, 1] == 0).all()
    assert found[:, 0].any()


def test_rounded_weights_keep_zeros_and_equal_values_of_a_channel() -> None:
    kernel = RNG.choice([0.0, 0.3, -0.8], size=(9, 4)).astype(np.float32)
    found = np.asarray(rounded_weights(kernel, (-1,), 4))
    assert ((found == 0) == (kernel == 0)).all()
    assert all(len(np.unique(found[:, c])) == len(np.unique(kernel[:, c])) for c in range(4))


def test_rounded_weights_pass_the_gradient_and_the_steps_to_the_largest_weight() -> None:
    import tensorflow as tf

    kernel = tf.Variable([[0.9], [0.52], [-0.31]])
    above = np.array([[1.0], [10.0], [-2.0]], np.float32)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(rounded_weights(kernel, (-1,), 4) * above)
    found = tape.gradient(total, kernel).numpy()
    scaled = kernel.numpy() / (0.9 / 7)
    through_step = (above * (np.round(scaled) - scaled)).sum() / 7
    assert found[1:] == pytest.approx(above[1:])
    assert found[0, 0] == pytest.approx(1 + through_step, rel=1e-4)
    assert abs(through_step) > 0.01


@pytest.mark.parametrize("ends", [(-1.0, 2.0), (0.0, 6.0), (0.5, 3.0), (-4.0, -1.0)])
def test_rounded_activations_are_what_litert_quantizer_would_hold(
    ends: tuple[float, float],
) -> None:
    from litert_quantizer.algorithms.uniform_quantize import uniform_quantize_tensor as reference
    from litert_quantizer.qtyping import QuantGranularity

    x = RNG.uniform(-5, 7, 400).astype(np.float32)
    low, high = (np.array([end]) for end in ends)
    zero, scale = reference.tensor_zp_scale_from_min_max(
        low, high, 8, False, QuantGranularity.TENSORWISE
    )
    wanted = (np.clip(np.round(x / scale) + zero, -128, 127) - zero) * scale
    found = np.asarray(rounded_activations(x, *opened(np.array([ends]), 100)))
    assert np.abs(found - x).max() > 0.5
    assert np.abs(found - wanted).max() <= scale[0] * 1.001
    # values half-way between two steps may go either way
    assert (np.abs(found - wanted) > scale[0] * 1e-3).mean() < 0.02


def test_rounded_activations_send_gradients_where_they_are_due() -> None:
    import tensorflow as tf

    x = tf.Variable([-3.0, -0.4, 0.0, 1.23, 1.5, 9.0])
    low, high = tf.Variable(-1.0), tf.Variable(2.0)
    above = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], np.float32)
    with tf.GradientTape() as tape:
        y = rounded_activations(x, low, high)
        total = tf.reduce_sum(y * above)
    of_x, of_low, of_high = tape.gradient(total, [x, low, high])
    inside = np.array([0, 1, 1, 1, 1, 0], np.float32)
    through_step = (above * inside * (y.numpy() - x.numpy())).sum() / 3
    assert of_x.numpy() == pytest.approx(above * inside)
    assert float(of_low) == pytest.approx(1 - through_step, rel=1e-5)
    assert float(of_high) == pytest.approx(32 + through_step, rel=1e-5)
    assert abs(through_step) > 1e-4


def test_rounding_starts_from_what_it_saw_and_follows_the_batches() -> None:
    layer = rounding("r", learned=False, momentum=0.75, fixed=None)
    layer.build((None, 4))
    layer.watching = True
    for ends in ((-1.0, 3.0), (-2.0, 1.0)):
        assert np.asarray(layer(np.array([ends], np.float32))) == pytest.approx(np.array([ends]))
    layer.settle()
    assert layer.range == (-2.0, 3.0)
    layer(np.array([[1.0, 7.0]], np.float32), training=False)
    assert layer.range == (-2.0, 3.0)
    layer(np.array([[1.0, 7.0]], np.float32), training=True)
    assert layer.range == pytest.approx((-1.5, 4.0))


def test_rounding_learned_has_two_numbers_that_train() -> None:
    layer = rounding("r", learned=True, momentum=0.9, fixed=None)
    layer.build((None, 4))
    (stretch,) = layer.trainable_variables
    layer.bounds.assign([-1.0, 2.0])
    stretch.assign([0.0, np.log(2.0)])
    assert layer.range == pytest.approx((-1.0, 4.0))
    layer(np.array([[1.0, 7.0]], np.float32), training=True)
    assert layer.range == pytest.approx((-1.0, 4.0))


def test_rounding_to_a_fixed_range_never_moves() -> None:
    layer = rounding("r", learned=True, momentum=0.5, fixed=(0.0, 255 / 256))
    layer.build((None, 2))
    layer.watching = True
    layer(np.array([[0.0, 9.0]], np.float32))
    layer.settle()
    assert np.asarray(layer(np.array([[0.5, 9.0]], np.float32), training=True)) == pytest.approx(
        np.array([[0.5, 255 / 256]])
    )
    assert not layer.trainable_variables


def test_ends_of_are_percentiles_from_both_sides() -> None:
    values = np.arange(101.0)
    assert ends_of(values, 100).tolist() == [0.0, 100.0]
    assert ends_of(values, 90).tolist() == [10.0, 90.0]


def test_opened_holds_zero_and_averages_percentiles() -> None:
    seen = np.array([[1.0, 4.0], [2.0, 8.0]])
    assert opened(seen, 100) == pytest.approx([0.0, 8.0])
    assert opened(seen, 99.0) == pytest.approx([0.0, 6.0])
    assert opened(-seen, 100) == pytest.approx([-2.0, 0.0])
    low, high = opened(np.zeros((1, 2)), 100)
    assert high > low


def test_with_rounded_weights_calls_the_layer_and_leaves_its_weights() -> None:
    keras = backend.keras()
    backend.seed(0)
    layer = keras.layers.Dense(3, activation="relu", name="hidden")
    layer.build((None, 5))
    before = np.array(layer.kernel)
    x = RNG.normal(size=(7, 5)).astype(np.float32)
    wrapped = with_rounded_weights(layer, {"kernel": ((-1,), 4)})
    wanted = np.maximum(x @ slow_weights(before, (-1,), 4), 0)
    assert np.asarray(wrapped(x)) == pytest.approx(wanted, abs=1e-5)
    assert np.abs(np.asarray(layer(x)) - wanted).max() > 1e-3
    assert (np.asarray(layer.kernel) == before).all()
    assert {id(v) for v in wrapped.trainable_variables} == {id(layer.kernel), id(layer.bias)}
