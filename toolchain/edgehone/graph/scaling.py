"""How a model scales its own input, and so which range of values it seems to expect."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import units

Array = NDArray[Any]

DEVIATIONS = 3
"""Standard deviations on both sides of a mean that hold nearly all of the values."""


@dataclass(frozen=True)
class InputScaling:
    """layers: every Rescaling and Normalization of a model, in words, those of nested models too.
    expects: the range of values that its input seems to have; None where nothing tells.
    """

    layers: tuple[str, ...]
    expects: tuple[float, float] | None


def input_scaling(model: Any) -> InputScaling:
    """How a Keras model scales its input. Raises nothing: what cannot be read tells nothing."""
    from edgehone.graph import backend

    layers = backend.keras().layers
    found, factor, offset = [], np.ones(1), np.zeros(1)
    expects, leading = None, True
    for name, layer in _layers(model):
        if isinstance(layer, layers.Rescaling):
            found.append(f"Rescaling {name!r} ({_factor(layer)})")
            if leading:
                scale, shift = _numbers(layer.scale), _numbers(layer.offset)
                factor, offset = factor * scale, offset * scale + shift
                expects = expects or _inverse(_unit(offset), factor, offset)
        elif isinstance(layer, layers.Normalization):
            found.append(f"Normalization {name!r}{_moments(layer)}")
            if leading and not layer.invert:
                expects = expects or _normal(layer.mean, layer.variance)
        elif isinstance(layer, layers.BatchNormalization):
            if leading and layer.built:
                expects = expects or _normal(layer.moving_mean, layer.moving_variance)
            leading = False
        elif layer.weights:
            leading = False
    return InputScaling(tuple(found), expects)


def _layers(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All layers that hold no others, with their names, in the order in which they are applied."""
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        inner = getattr(layer, "layer", None)  # of TimeDistributed and its like
        if hasattr(layer, "layers"):
            yield from _layers(layer, f"{name}/")
        elif inner is not None and hasattr(inner, "layers"):
            yield from _layers(inner, f"{name}/")
        else:
            yield name, layer if inner is None else inner


def _factor(layer: Any) -> str:
    scale, offset = _numbers(layer.scale), _numbers(layer.offset)
    shift = f", + {_range(offset)}" if np.any(offset) else ""
    return f"{units.TIMES} {_range(scale)}{shift}"


def _moments(layer: Any) -> str:
    if layer.mean is None or layer.variance is None:
        return ""
    mean, deviation = _numbers(layer.mean), np.sqrt(_numbers(layer.variance))
    return f" (mean {_range(mean)}, deviation {_range(deviation)})"


def _range(values: Array) -> str:
    low, high = f"{values.min():.4g}", f"{values.max():.4g}"
    return low if low == high else f"{low} to {high}"


def _unit(offset: Array) -> tuple[float, float]:
    """What a Rescaling makes of its input: 0 to 1, or -1 to 1 where it moves it down."""
    return (-1.0, 1.0) if np.any(offset < 0) else (0.0, 1.0)


def _inverse(
    bounds: tuple[float, float], factor: Array, offset: Array
) -> tuple[float, float] | None:
    if not np.all(factor):
        return None
    ends = [(bound - offset) / factor for bound in bounds]
    return _rounded(float(np.min(ends)), float(np.max(ends)))


def _normal(mean: Any, variance: Any) -> tuple[float, float] | None:
    if mean is None or variance is None:
        return None
    centre, deviation = _numbers(mean), np.sqrt(_numbers(variance))
    low, high = centre - DEVIATIONS * deviation, centre + DEVIATIONS * deviation
    return _rounded(float(low.min()), float(high.max()))


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Without the last digits, in which 1 / 255 is not exact."""
    return float(f"{low:.4g}") + 0.0, float(f"{high:.4g}") + 0.0


def _numbers(values: Any) -> Array:
    from edgehone.graph import backend

    return np.atleast_1d(np.asarray(backend.keras().ops.convert_to_numpy(values), np.float64))
