"""Intersection over union of each class over all samples together, averaged over the classes."""

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
class PooledIoU(TaskMetric):
    """As PASCAL VOC and Cityscapes count; `mean_iou` scores each sample by itself. Classes that
    neither occur nor are given do not count.
    """

    FORMS: ClassVar[tuple[Form, ...]] = ("places",)

    def metric(self, kind: TaskKind) -> Metric:
        """Hits and errors of each class, averaged, then divided."""

        def terms(y: Array, outputs: Array) -> Array:
            hits, false, missed = np.moveaxis(counts(kind, y, outputs), 1, 0)
            return np.hstack([hits, hits + false + missed]).astype(np.float64)

        return Metric(
            "pooled_iou",
            higher_is_better=True,
            terms=terms,
            combine=_mean_ratio,
            constants=partial(blind, kind),
        )


def _mean_ratio(means: Array) -> Array:
    both, either = np.split(means, 2, axis=-1)
    ratios = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return mean_where(ratios, either > 0)
