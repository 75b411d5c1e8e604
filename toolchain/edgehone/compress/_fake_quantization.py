"""Fake quantization: numbers rounded to the steps of an integer, with gradients that pass."""

from collections.abc import Mapping
from functools import cache
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


def rounding(
    name: str, *, learned: bool, momentum: float, fixed: tuple[float, float] | None
) -> Any:
    """A Keras layer that rounds activations; see `_layers`."""
    return _layers()["Rounding"](name, learned, momentum, fixed)


def with_rounded_weights(layer: Any, kernels: Mapping[str, tuple[Kept, int]]) -> Any:
    """A Keras layer that calls `layer`, the weights named in `kernels` (axes kept, bits) rounded.
    They stay the layer's own: what trains is `layer` itself.
    """
    return _layers()["RoundedWeights"](layer, dict(kernels))


@cache
def _layers() -> Mapping[str, Any]:
    """The classes, made when Keras is there. No model that is saved ever holds one."""
    keras = backend.keras()

    class Rounding(keras.layers.Layer):  # type: ignore[misc,name-defined] # Keras has no types
        """x -> x on the steps of a range: [low, high] times e^stretch, learned; or [low, high],
        which follows the extremes of every batch; or fixed. While it watches, x passes as it is.
        """

        def __init__(
            self, name: str, learned: bool, momentum: float, fixed: tuple[float, float] | None
        ) -> None:
            super().__init__(name=name)
            self.learned, self.momentum, self.fixed = learned and fixed is None, momentum, fixed
            self.watching = False
            self.seen: list[Array] = []
            self.percentile = 100.0

        def build(self, _shape: Any) -> None:
            start = keras.initializers.Constant(self.fixed or (0.0, 1.0))
            self.bounds = self.add_weight(
                shape=(2,), initializer=start, trainable=False, name="bounds"
            )
            if self.learned:
                self.stretch = self.add_weight(shape=(2,), initializer="zeros", name="stretch")

        def call(self, x: Any, training: bool | None = None) -> Any:
            if self.watching:
                self.seen.append(ends_of(np.asarray(x), self.percentile))
                return x
            if self.fixed is None and training and not self.learned:
                self._follow(x)
            low, high = self._ends()
            return rounded_activations(x, low, high)

        def compute_output_spec(self, x: Any, training: bool | None = None) -> Any:
            # Said here, because Keras takes the result of `x * 0.5` for sparse.
            return keras.KerasTensor(x.shape, dtype=x.dtype)

        def settle(self) -> None:
            """Begin with the range of all that was seen, held open where nothing varied."""
            self.watching = False
            if self.fixed is None and self.seen:
                self.bounds.assign(opened(np.array(self.seen), self.percentile))

        @property
        def range(self) -> tuple[float, float]:
            """The range as it is now."""
            low, high = (float(end) for end in self._ends())
            return low, high

        def _ends(self) -> Any:
            bounds = keras.ops.convert_to_tensor(self.bounds)
            if self.learned:
                bounds = bounds * keras.ops.exp(self.stretch)
            return bounds[0], bounds[1]

        def _follow(self, x: Any) -> None:
            ops = keras.ops
            new = ops.stack([ops.minimum(ops.min(x), 0.0), ops.maximum(ops.max(x), 0.0)])
            before = self.bounds * self.momentum
            self.bounds.assign(before + ops.stop_gradient(new) * (1 - self.momentum))

    class RoundedWeights(keras.layers.Layer):  # type: ignore[misc,name-defined] # no types
        """Calls a layer with some of its weights rounded."""

        def __init__(self, inner: Any, kernels: dict[str, tuple[Kept, int]]) -> None:
            super().__init__(name=f"{inner.name}_rounded")
            self.inner, self.kernels = inner, kernels
            self.built = True

        def call(self, *arguments: Any) -> Any:
            replaced = [
                (weight, rounded_weights(weight.value, *self.kernels[weight.name]))
                for weight in self.inner.weights
                if weight.name in self.kernels
            ]
            with keras.StatelessScope(state_mapping=replaced):
                return self.inner(*arguments)

    return {"Rounding": Rounding, "RoundedWeights": RoundedWeights}


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
