"""How predictions are corrected by what was measured: one straight line per quantity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PRIOR_WEIGHT = 0.3
"""How many measured points the wish for slope 1 counts for: one point shall not tilt the line."""


@dataclass(frozen=True)
class Line:
    """measured = slope * predicted + intercept; slope > 0."""

    slope: float = 1.0
    intercept: float = 0.0

    def forward(self, predicted: float) -> float:
        """The corrected prediction."""
        return self.slope * predicted + self.intercept

    def backward(self, measured: float) -> float:
        """The uncorrected sum that corresponds to a measured value."""
        return (measured - self.intercept) / self.slope


def fit(
    predicted: Sequence[float], measured: Sequence[float], weights: Sequence[float] = ()
) -> Line:
    """Least squares in relative error, drawn towards slope 1 when points are few.

    Minimises sum(w * ((slope * p + intercept - m) / m) ** 2) + PRIOR_WEIGHT * (slope - 1) ** 2;
    weights w are 1 where not given. A slope that would not be positive is replaced by the mean
    ratio through the origin.
    """
    if not predicted:
        return Line()
    p, m = np.asarray(predicted, float), np.asarray(measured, float)
    weight = np.sqrt(weights if len(weights) else np.ones_like(m)) / np.maximum(np.abs(m), 1e-12)
    prior = np.sqrt(PRIOR_WEIGHT)
    rows = np.vstack([np.column_stack([p * weight, weight]), [prior, 0.0]])
    slope, intercept = np.linalg.lstsq(rows, np.append(m * weight, prior), rcond=None)[0]
    if slope <= 0.05:
        return Line(float(np.mean(m / np.maximum(p, 1e-12))), 0.0)
    return Line(float(slope), float(intercept))


def fit_ratio(predicted: Sequence[float], measured: Sequence[float]) -> float | None:
    """Median of measured / predicted over points whose prediction is positive; None without any."""
    ratios = [m / p for p, m in zip(predicted, measured, strict=True) if p > 0]
    return float(np.median(ratios)) if ratios else None
