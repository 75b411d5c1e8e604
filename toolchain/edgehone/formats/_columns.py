"""How much of each output column is left: its error against its variance, and the worst column."""

import math
from dataclasses import dataclass

import numpy as np

from edgehone.formats._base import Array

MOST_COLUMNS = 32
"""Columns of an output that are quantities of their own. Wider outputs hold the pixels or bins of
one quantity, some of which hardly vary: there a column's variance counts as no less than
LEAST_SHARE of the (lower) median column's, so that the noise of a dark pixel is not taken for a
wreck; half of the columns are never that dark."""

LEAST_SHARE = 0.1

FEW_PLACES = 8
"""Places along another axis than the last that are quantities of their own: corners, quantiles,
channels that come first. More of them are steps in time, boxes or bins, as wide outputs are."""

LEAST_CONSTANT = 1e-6
"""Part of the largest value of all columns from which on a column that does not vary is judged, by
its error against its own value; below it float32 cannot add the two."""

LEAST_PROBABILITY = 0.02
"""Standard deviation that a probability of several counts as having at least: an 8-bit sigmoid has
steps of 1/256, and a label that is hardly ever given moves by less."""


@dataclass(frozen=True)
class Column:
    """A column with the worst ratio: its number, and 10 log10 of its variance over its mean
    squared error (inf: no error; -inf: one that is not a number), of how many along which axis of a
    sample's output; axis -1 is the last.
    """

    number: int
    snr_db: float
    of: int = 1
    axis: int = -1

    @property
    def alone(self) -> bool:
        """Whether it is judged by its own variance, not by that of the others as well."""
        return self.of <= (MOST_COLUMNS if self.axis == -1 else FEW_PLACES)

    @property
    def words(self) -> str:
        """Which one it is."""
        return place(self.number, self.axis)


def place(number: int, axis: int) -> str:
    """A column in words, whose axis is -1 for the last one."""
    return f"column {number}" if axis == -1 else f"place {number} of axis {axis}"


def table(values: Array, axis: int = -1) -> Array:
    """Outputs (n, …) as rows of columns (m, k), k along an axis; (n,) is one column."""
    values = np.asarray(values, np.float64)
    if values.ndim < 2:
        return values[:, None]
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])


def axes(values: Array) -> tuple[int, ...]:
    """The axes of outputs (n, …) along which quantities may lie: the last; of two, also the other
    one (boxes, quantiles, steps in time); of more, the first where it is channels by its size.
    """
    if values.ndim == 3 and values.shape[1] > 1:
        return (-1, 1)
    if values.ndim > 3 and 1 < values.shape[1] <= 4 < values.shape[-1]:
        return (-1, 1)
    return (-1,)


def column_snr(
    reference: Array, outputs: Array, *, probabilities: bool = False, axis: int = -1
) -> Array:
    """Signal to noise of every column in dB, about the column's mean: (n, …, k) twice -> (k,).

    10 log10(variance / mean squared error): R2 is 1 - 10^(-dB / 10), so 20 dB is 0.99 and 0 dB as
    good as answering the mean. inf without error, -inf for outputs that are no numbers. A column
    that does not vary has the ratio of its square to the error, and NaN where it is (next to)
    nothing beside the others.
    probabilities: these are several independent ones, see LEAST_PROBABILITY.
    """
    wanted, found = table(reference, axis), table(outputs, axis)
    signals = _signals(wanted, probabilities=probabilities, last=axis == -1)
    error = ((found - wanted) ** 2).mean(axis=0)
    ratios = np.full(len(signals), math.nan)
    for number, (signal, noise) in enumerate(zip(signals, error, strict=True)):
        if not math.isfinite(noise):
            ratios[number] = -math.inf
        elif noise == 0:
            ratios[number] = math.inf
        elif signal > 0:
            ratios[number] = 10 * math.log10(signal / noise)
    return ratios


def worst_column(reference: Array, outputs: Array, *, probabilities: bool = False) -> Column | None:
    """The column with the least ratio, along any axis of quantities; None when no column says
    anything.
    """
    found = []
    for axis in axes(np.asarray(reference)):
        ratios = column_snr(reference, outputs, probabilities=probabilities, axis=axis)
        if not np.isnan(ratios).all():
            number = int(np.nanargmin(ratios))
            found.append(Column(number, float(ratios[number]), len(ratios), axis))
    return min(found, key=lambda column: column.snr_db, default=None)


def _signals(wanted: Array, *, probabilities: bool, last: bool) -> Array:
    """What the error of each column (m, k) is compared with: (k,)."""
    variance = _constants_as_none(wanted)
    if wanted.shape[1] > (MOST_COLUMNS if last else FEW_PLACES):
        varying = variance[variance > 0]
        least = float(np.quantile(varying, 0.5, method="lower")) if varying.size else 0.0
        return np.maximum(variance, LEAST_SHARE * least)
    if probabilities:
        return np.maximum(variance, LEAST_PROBABILITY**2)
    power = (wanted**2).mean(axis=0)
    seen = power > LEAST_CONSTANT**2 * power.max(initial=0.0)
    return np.where((variance == 0) & seen, power, variance)


def _constants_as_none(wanted: Array) -> Array:
    """Variances (k,), where what float32 cannot tell from a constant is 0."""
    variance = wanted.var(axis=0)
    scale = np.abs(wanted).max(axis=0)
    constant = variance <= (scale * np.finfo(np.float32).eps * 4) ** 2
    return np.where(constant, 0.0, variance)
