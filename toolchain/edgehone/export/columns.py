"""How much of each output column is left: its error against its variance, and the worst column."""

import math
from dataclasses import dataclass

import numpy as np

from edgehone.export._base import Array

MOST_COLUMNS = 32
"""Columns of an output that are quantities of their own. Wider outputs hold the pixels or bins of
one quantity, some of which hardly vary: there a column's variance counts as no less than
LEAST_SHARE of the columns' mean, so that the noise of a dark pixel is not taken for a wreck."""

LEAST_SHARE = 0.1

LEAST_PROBABILITY = 0.02
"""Standard deviation that a probability of several counts as having at least: an 8-bit sigmoid has
steps of 1/256, and a label that is hardly ever given moves by less."""


@dataclass(frozen=True)
class Column:
    """A column with the worst ratio: its number, and 10 log10 of its variance over its mean
    squared error (inf: no error; -inf: an error where nothing varies, or one that is no number).
    """

    number: int
    snr_db: float


def table(values: Array) -> Array:
    """Outputs (n, …) as rows of columns (m, k), the last axis being the columns; (n,) is one."""
    values = np.asarray(values, np.float64)
    return values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]


def column_snr(reference: Array, outputs: Array, *, probabilities: bool = False) -> Array:
    """Signal to noise of every column in dB, about the column's mean: (n, …, k) twice -> (k,).

    10 log10(variance / mean squared error): R2 is 1 - 10^(-dB / 10), so 20 dB is 0.99 and 0 dB as
    good as answering the mean. inf without error, -inf for outputs that are no numbers, NaN for a
    column that has an error and does not vary in the reference.
    probabilities: these are several independent ones, see LEAST_PROBABILITY.
    """
    wanted, found = table(reference), table(outputs)
    variance = _variances(wanted, probabilities=probabilities)
    error = ((found - wanted) ** 2).mean(axis=0)
    ratios = np.full(len(variance), math.nan)
    for number, (signal, noise) in enumerate(zip(variance, error, strict=True)):
        if not math.isfinite(noise):
            ratios[number] = -math.inf
        elif noise == 0:
            ratios[number] = math.inf
        elif signal > 0:
            ratios[number] = 10 * math.log10(signal / noise)
    return ratios


def worst_column(reference: Array, outputs: Array, *, probabilities: bool = False) -> Column | None:
    """The column with the least ratio; None when there is none that varies.

    Columns that do not vary tell nothing about the samples and are left out, unless the outputs
    are not numbers.
    """
    ratios = column_snr(reference, outputs, probabilities=probabilities)
    if np.isnan(ratios).all():
        return None
    number = int(np.nanargmin(ratios))
    return Column(number, float(ratios[number]))


def pooled_db(reference: Array, outputs: Array) -> float:
    """The columns' variances together over their errors together, in dB; inf without error, and
    where nothing varies.
    """
    wanted, found = table(reference), table(outputs)
    noise = float(((found - wanted) ** 2).mean(axis=0).sum())
    signal = float(_constants_as_none(wanted).sum())
    if noise == 0 or signal == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if math.isfinite(noise) else -math.inf


def _variances(wanted: Array, *, probabilities: bool) -> Array:
    """The variance of each column (k,), 0 for one that does not vary."""
    variance = _constants_as_none(wanted)
    if len(variance) > MOST_COLUMNS:
        least = LEAST_SHARE * float(variance.mean())
        return np.maximum(variance, least)
    if probabilities:
        return np.maximum(variance, LEAST_PROBABILITY**2)
    return variance


def _constants_as_none(wanted: Array) -> Array:
    """Variances (k,), where what float32 cannot tell from a constant is 0."""
    variance = wanted.var(axis=0)
    scale = np.abs(wanted).max(axis=0)
    constant = variance <= (scale * np.finfo(np.float32).eps * 4) ** 2
    return np.where(constant, 0.0, variance)
