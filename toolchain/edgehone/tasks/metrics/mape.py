"""The mean error relative to the target, as a fraction: 0.12 is 12 %."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array
from edgehone.system.settings import METRIC
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.numeric import averages
from edgehone.tasks.outputs import flat
from edgehone.tasks.scoring import Metric, averaged


@dataclass(frozen=True)
class MAPE(TaskMetric):
    """|output - target| / |target|, averaged; targets of 0 have no relative error."""

    FORMS: ClassVar[tuple[Form, ...]] = ("numbers",)

    def metric(self, kind: TaskKind) -> Metric:
        """One score a sample, the mean over its outputs."""
        return Metric("mape", higher_is_better=False, terms=_relative, constants=_constants)


def _relative(y: Array, outputs: Array) -> Array:
    targets = flat(y)
    if (targets == 0).any():
        place = int(np.flatnonzero((targets == 0).any(axis=1))[0])
        raise DataError(
            f"Sample {place} has a target of 0, to which no error is relative.",
            f"Leave such samples out, or set {METRIC.set('mae')}.",
        )
    return averaged(np.abs(flat(outputs) - targets) / np.abs(targets))


def _constants(y: Array, outputs: Array) -> Iterator[Constant]:
    """The answer of least relative error is a median in which a target y weighs 1 / |y|."""
    targets = flat(y)
    order = np.argsort(targets, axis=0, kind="stable")
    ranked = np.take_along_axis(targets, order, axis=0)
    weights = np.cumsum(1 / np.abs(ranked), axis=0)
    middle = (weights >= weights[-1] / 2).argmax(axis=0)
    best = np.take_along_axis(ranked, middle[None], axis=0)[0]
    yield "the median of the targets, weighted by 1 / target", best.reshape(y.shape[1:] or (1,))
    yield from averages(y)
