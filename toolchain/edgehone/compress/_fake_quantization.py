"""Fake quantization: numbers rounded to the steps of an integer, with gradients that pass."""

from typing import Any

import numpy as np

from edgehone.data import Array
from edgehone.graph import backend

STEPS = 255
"""Steps between the lowest and the highest of 256 numbers of 8 bits."""

SMALLEST_BOUND = 1e-9
"""What litert-quantizer takes for the largest weight of a channel whose weights are all 0."""

Kept = tuple[int, ...]
"""Axes of a kernel along which every index has a scale of its own, counted from the end."""


def rounded_weights(kernel: Any, kept: Kept, bits: int) -> Any:
    """A kernel as a file with symmetric integers per channel holds it, in float: k s with
    k = round(w / s) in [-m, m], s = max |w| / m of the channel, m = 2^(bits - 1) - 1.

    The gradient goes straight through the rounding (Bengio et al. 2013) to the weights, and
    through the scale to the channel's largest weight: that is LSQ's gradient of the step size
    (Esser et al. 2020, eq. 3) for a step that a weight determines.
    """
    ops = backend.keras().ops
    most = 2 ** (bits - 1) - 1
    reduced = tuple(a for a in range(len(kernel.shape)) if a - len(kernel.shape) not in kept)
    bound = ops.max(ops.abs(kernel), axis=reduced, keepdims=True)
    scaled = kernel / (ops.maximum(bound, SMALLEST_BOUND) / most)
    whole = scaled + ops.stop_gradient(ops.round(scaled) - scaled)
    return whole * (ops.maximum(bound, SMALLEST_BOUND) / most)


def rounded_activations(x: Any, low: Any, high: Any) -> Any:
    """Activations on the 256 steps of [low, high], which is widened to hold 0 and moved so that
    0 is one of the steps (Jacob et al. 2018, section 3.1).

    Gradients: of x inside the range, 1; of the bounds outside, 1 for the bound that clipped, and
    inside, through the step between them, what rounding added (Esser et al. 2020, eq. 3).
    """
    import tensorflow as tf

    @tf.custom_gradient  # type: ignore[untyped-decorator] # TensorFlow has no types
    def rounded(x: Any, low: Any, high: Any) -> Any:
        y = tf.quantization.fake_quant_with_min_max_vars(x, low, high)

        def gradient(above: Any) -> Any:
            under, over = tf.cast(x < low, x.dtype), tf.cast(x > high, x.dtype)
            inside = above * (1 - under - over)
            through_step = tf.reduce_sum(inside * (y - x)) / (high - low)
            return (
                inside,
                tf.reduce_sum(above * under) - through_step,
                tf.reduce_sum(above * over) + through_step,
            )

        return y, gradient

    return rounded(x, low, high)


def ends_of(values: Array, percentile: float) -> Array:
    """(2,): the percentile at either end of all values; 100: the extremes, without sorting."""
    if percentile >= 100:
        return np.array([values.min(), values.max()])
    return np.asarray(np.percentile(values, (100 - percentile, percentile)))


def opened(seen: Array, percentile: float) -> Array:
    """(low, high) of extremes (n, 2) seen in batches, 0 between them and never equal. Percentiles
    below 100 are averaged over the batches, extremes are not.
    """
    low, high = seen.mean(axis=0) if percentile < 100 else (seen[:, 0].min(), seen[:, 1].max())
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    return np.array([low, high if high - low > SMALLEST_BOUND else low + 1e-3], np.float32)
