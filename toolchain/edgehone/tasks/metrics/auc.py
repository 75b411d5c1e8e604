"""Area under the ROC curve: how well scores tell the samples of a class from the others."""

from dataclasses import dataclass
from typing import ClassVar

from edgehone.tasks import ranking
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._classes import BOTH
from edgehone.tasks.metrics._ranking import averaged
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class AUC(TaskMetric):
    """Of several classes, or labels, the mean over each against the rest. 0.5 is chance."""

    FORMS: ClassVar[tuple[Form, ...]] = ("class", "yes or no", "labels", "score")

    def metric(self, kind: TaskKind) -> Metric:
        """No threshold, and no scale, matters."""
        return averaged("auc", kind, ranking.auc, BOTH)
