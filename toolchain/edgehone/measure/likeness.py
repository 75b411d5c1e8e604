"""Whether a device's outputs are those of the same function at all, or nonsense."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from edgehone.measure.plan import Array

LEAST_DB = 6.0
"""Signal to noise of a device's outputs, this machine's being the signal, below which they are
another function's: half of the signal's size is error. Kernels that round differently leave 25 dB
and more, 4-bit ones 10."""

STEPS = 2.01
"""Steps of an integer output that rounding explains, however small the outputs are; and a little,
for a step in float is not exact."""

VARIES = 0.01
"""A range of this machine's real outputs over the samples, relative to the largest, above which
outputs that never change are no rounding."""

MOST_BROKEN = 0.01
"""Share of the outputs that are finite here which another order of computing may make infinite."""

LEVELS = 256
"""Values that an output of 8 bits can have."""

_RANDOM = ("bernoulli", "multinomial", "random")
"""What the names of operators have that draw random numbers."""

_ORDERED = ("detectionpostprocess", "nonmaxsuppression", "topk")
"""And those whose results are lists, which nearly equal scores put in another order."""


def comparable(operators: Iterable[str]) -> bool:
    """Whether the outputs of a file with these operators are the same numbers in the same places
    wherever they are computed: none is drawn at random, or ordered by what was computed.
    """
    names = [each.lower().replace("_", "") for each in operators]
    return not any(word in name for word in _RANDOM + _ORDERED for name in names)


def step_of(outputs: Sequence[Array]) -> float | None:
    """The step between the values of dequantized outputs, by the values alone; None where they are
    too many for 8 bits, or lie on no grid.
    """
    values = np.unique(np.concatenate([np.asarray(each, np.float64).ravel() for each in outputs]))
    if not 2 <= len(values) <= LEVELS or not np.isfinite(values).all():
        return None
    gaps = np.diff(values)
    steps = gaps / gaps.min()
    on_grid = bool((np.abs(steps - np.round(steps)) <= 0.01 * steps).all())
    return float(gaps.min()) if on_grid else None


def unlike(device: Sequence[Array], host: Sequence[Array], scale: float | None) -> str:
    """Why a device's outputs cannot be those of the file, in words; "" where they can.

    device, host: the outputs (n, …) of the same samples, split by split, in the same shapes. scale:
    the step of integer outputs; None for real ones.
    """
    there, here = _rows(device), _rows(host)
    known = np.isfinite(here)
    both = known & np.isfinite(there)
    broken = int(known.sum() - both.sum())
    if broken > MOST_BROKEN * int(known.sum()):
        return f"{broken} of {here.size} outputs are not finite there, and are on this machine"
    least = STEPS * (scale or 0.0)
    if _stands_still(there, here, max(least, 0.0 if scale else VARIES * _largest(here))):
        return "its outputs are the same for every sample there, and vary on this machine"
    signals = np.where(both, here, 0.0)
    error = np.where(both, there, 0.0) - signals
    signal, noise = _rms(signals), _rms(error)
    if not signal or not noise or _largest(error) <= least:
        return ""
    found = float(20 * np.log10(signal / noise))
    if found >= LEAST_DB:
        return ""
    return f"its outputs there have {found:.1f} dB signal to noise with this machine's"


def _stands_still(there: Array, here: Array, least: float) -> bool:
    """Whether no output there depends on the sample, though some do here, by more than `least`."""
    if len(there) < 2 or not here.size or not np.isfinite(here).all():
        return False
    return not np.ptp(there, axis=0).any() and float(np.ptp(here, axis=0).max()) > least


def _rows(splits: Sequence[Array]) -> Array:
    """All samples, (n, values)."""
    arrays = [np.asarray(split, np.float64) for split in splits]
    return np.concatenate([each.reshape(len(each), math.prod(each.shape[1:])) for each in arrays])


def _largest(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0
