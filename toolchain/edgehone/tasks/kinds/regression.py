"""Measured values: prices, ages, angles, positions."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from edgehone.system.numbers import Array, Shape, float32_of
from edgehone.tasks import numeric
from edgehone.tasks.kinds._base import Form
from edgehone.tasks.kinds._numbers import Numbers
from edgehone.tasks.numeric import MAE, MSE, RMSE
from edgehone.tasks.outputs import flat
from edgehone.tasks.scoring import Metric, by_name


def _r2_terms(y: Array, outputs: Array) -> Array:
    """(n, 3 k): squared errors, centred targets and their squares, for k outputs."""
    targets = flat(y)
    centred = targets - targets.mean(axis=0)
    return np.hstack([(flat(outputs) - targets) ** 2, centred, centred**2])


def _r2(means: Array) -> Array:
    """1 - residual / total variance, averaged over the outputs; 0 where targets do not vary."""
    error, mean, square = np.split(means, 3, axis=-1)
    total = square - mean**2
    ratio = np.divide(error, total, out=np.ones_like(error), where=total > 1e-12 * square)
    return np.asarray((1 - ratio).mean(axis=-1))


class Regression(Numbers):
    """Measured values; targets (n, ...) are as many numbers a sample as the model gives."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        MAE, MSE, RMSE, Metric("r2", higher_is_better=True, terms=_r2_terms, combine=_r2)
    )
    FORM: ClassVar[Form] = "numbers"

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Numbers as float32."""
        return numeric.matching(float32_of(y, name), name, output)
