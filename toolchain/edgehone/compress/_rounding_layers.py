"""Keras layers that round while a model trains; no model that is saved ever holds one."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from edgehone.compress._fake_quantization import (
    Kept,
    ends_of,
    opened,
    rounded_activations,
    rounded_weights,
)
from edgehone.data import Array
from edgehone.graph import backend


def rounding(
    name: str, *, learned: bool, momentum: float, fixed: tuple[float, float] | None
) -> Any:
    """A Keras layer: x -> x on the steps of a range, which is [low, high] times e^stretch, learned;
    or [low, high], which follows the extremes of every batch; or fixed. While it watches, x passes
    as it is.
    """
    return _rounding()(name, learned, momentum, fixed)


def with_rounded_weights(layer: Any, kernels: Mapping[str, tuple[Kept, int]]) -> Any:
    """A Keras layer that calls `layer`, the weights named in `kernels` (axes kept, bits) rounded.
    They stay the layer's own: what trains is `layer` itself.
    """
    return _rounded_weights()(layer, dict(kernels))


class _Ranged:
    """The range of a layer that rounds activations: what it begins with, and how it moves."""

    bounds: Any
    stretch: Any
    learned: bool
    momentum: float
    fixed: tuple[float, float] | None
    watching: bool
    seen: list[Array]
    percentile: float

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
        ops = backend.keras().ops
        bounds = ops.convert_to_tensor(self.bounds)
        if self.learned:
            bounds = bounds * ops.exp(self.stretch)
        return bounds[0], bounds[1]

    def _follow(self, x: Any) -> None:
        ops = backend.keras().ops
        new = ops.stack([ops.minimum(ops.min(x), 0.0), ops.maximum(ops.max(x), 0.0)])
        before = self.bounds * self.momentum
        self.bounds.assign(before + ops.stop_gradient(new) * (1 - self.momentum))


@cache
def _rounding() -> Any:
    """The class, made when Keras is there."""
    keras = backend.keras()

    class Rounding(_Ranged, keras.layers.Layer):  # type: ignore[misc,name-defined] # no types
        """See `rounding`."""

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

    return Rounding


@cache
def _rounded_weights() -> Any:
    """The class, made when Keras is there."""
    keras = backend.keras()

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

    return RoundedWeights
