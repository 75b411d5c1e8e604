"""What values a tensor takes over many samples: extremes, or a histogram of bounded size."""

import math

import numpy as np

from edgehone.formats._base import Array

BINS = 4096
"""Bins of a histogram, over both signs."""


class Extremes:
    """The smallest and the largest value seen. NaN and infinities, as in masks, do not count."""

    def __init__(self) -> None:
        self.low = math.inf
        self.high = -math.inf

    def add(self, values: Array) -> None:
        """See these values too."""
        low, high = float(values.min()), float(values.max())
        if not math.isfinite(low) or not math.isfinite(high):
            values = values[np.isfinite(values)]
            if not values.size:
                return
            low, high = float(values.min()), float(values.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        self._count(values)

    def range(self) -> tuple[float, float]:
        """What the values span; (0, 0) when there were none."""
        return (self.low, self.high) if self.low <= self.high else (0.0, 0.0)

    def _count(self, values: Array) -> None:
        """Do more with values that are all finite."""


class Histogram(Extremes):
    """Counts in BINS equal bins over [-bound, bound]; memory does not grow with the samples.

    The bound is a power of two. When a value lies beyond, it doubles as often as needed and each
    pair of bins becomes one, so that no count is ever lost. A percentile is exact to one bin:
    2 * bound / BINS, at most 1/1024 of the largest magnitude.
    """

    def __init__(self, percentile: float) -> None:
        """A range that covers `percentile` of the values, in (50, 100], and cuts off the rest in
        equal shares on both sides.
        """
        super().__init__()
        self._tail = (1 - percentile / 100) / 2
        self._bound = 0.0
        self._counts = np.zeros(BINS, np.int64)

    def _count(self, values: Array) -> None:
        self._widen(max(abs(self.low), abs(self.high)))
        if not self._bound:
            self._counts[BINS // 2] += values.size
            return
        scaled = (values.ravel() + self._bound) * (BINS / 2 / self._bound)
        positions = np.minimum(scaled.astype(np.int64), BINS - 1)
        self._counts += np.bincount(positions, minlength=BINS)

    def range(self) -> tuple[float, float]:
        """The outer edges of the bins between which all but a tail on each side lies."""
        if not self._bound:
            return super().range()
        edges = np.linspace(-self._bound, self._bound, BINS + 1)
        below = np.concatenate([[0], np.cumsum(self._counts)]) / self._counts.sum()
        low = edges[np.searchsorted(below, self._tail, side="right") - 1]
        high = edges[np.searchsorted(below, 1 - self._tail, side="left")]
        return float(max(low, self.low)), float(min(high, self.high))

    def _widen(self, magnitude: float) -> None:
        """Make room for values up to that magnitude."""
        if magnitude <= self._bound:
            return
        bound = 2.0 ** math.ceil(math.log2(magnitude))
        if not self._bound:
            zeros, self._counts[BINS // 2] = self._counts[BINS // 2], 0
            self._bound = bound
            self._counts[BINS // 2] = zeros
        while self._bound < bound:
            merged = self._counts.reshape(-1, 2).sum(axis=1)
            quarter = BINS // 4
            self._counts = np.pad(merged, quarter)
            self._bound *= 2
