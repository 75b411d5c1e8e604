"""The mean over the classes of the share of each that is labelled right."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks.found import mean_where
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._classes import blind, counts
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class BalancedAccuracy(TaskMetric):
    """Classes that do not occur among the targets do not count (Brodersen et al. 2010)."""

    FORMS: ClassVar[tuple[Form, ...]] = ("class", "places", "yes or no")

    def metric(self, kind: TaskKind) -> Metric:
        """Hits and occurrences of each class, averaged, then divided."""

        def terms(y: Array, outputs: Array) -> Array:
            hits, _, missed = np.moveaxis(counts(kind, y, outputs), 1, 0)
            return np.hstack([hits, hits + missed]).astype(np.float64)

        return Metric(
            "balanced_accuracy",
            higher_is_better=True,
            terms=terms,
            combine=_mean_share,
            constants=partial(blind, kind),
        )


def _mean_share(means: Array) -> Array:
    hits, there = np.split(means, 2, axis=-1)
    shares = np.divide(hits, there, out=np.zeros_like(hits), where=there > 0)
    return mean_where(shares, there > 0)
