"""The span of an axis, and where on it a value lies."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LOG_FROM = 6.0
"""Largest over smallest value from which an axis is logarithmic."""


@dataclass(frozen=True)
class Axis:
    """An axis `length` pixels long from `low` to `high`, linear or logarithmic."""

    low: float
    high: float
    length: float
    log: bool = False

    def pixel(self, value: float) -> float:
        """Distance of a value from the axis's low end, in pixels."""
        low, high, at = self._scaled(self.low), self._scaled(self.high), self._scaled(value)
        return (at - low) / (high - low) * self.length

    def value(self, pixel: float) -> float:
        """The value at a distance from the low end; the inverse of `pixel`."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        at = low + pixel / self.length * (high - low)
        return math.exp(at) if self.log else at

    def ticks(self) -> list[float]:
        """Round values for ticks: 1, 2 and 5 times powers of ten on a logarithmic axis."""
        if not self.log:
            return []
        first = math.floor(math.log10(self.low))
        last = math.ceil(math.log10(self.high))
        steps = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
        return [step for step in steps if self.low <= step <= self.high]

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.log else value


def around(values: Iterable[float], length: float, *, may_log: bool = False) -> Axis:
    """An axis with some air around all values."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if may_log and low > 0 and high / low >= LOG_FROM:
        air = (high / low) ** 0.08
        return Axis(low / air, high * air, length, log=True)
    air = 0.1 * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(low - air if low - air >= 0 or low < 0 else 0.0, high + air, length)
