"""Area under the part of the ROC curve with few false alarms."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from edgehone.errors import ConfigError
from edgehone.tasks import ranking
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._classes import BOTH
from edgehone.tasks.metrics._ranking import averaged
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class PartialAUC(TaskMetric):
    """max_fpr: the highest false positive rate that counts. Chance has 0.5, the best score 1
    (McClish 1989), as for machine sounds in DCASE's task 2.
    """

    FORMS: ClassVar[tuple[Form, ...]] = ("class", "yes or no", "labels", "score")
    max_fpr: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.max_fpr, int | float) or not 0 < self.max_fpr < 1:
            raise ConfigError(
                f"pauc has max_fpr = {self.max_fpr!r}, which is out of range.",
                'Write a rate between 0 and 1: "pauc(max_fpr=0.1)"; all of it is "auc".',
            )

    def metric(self, kind: TaskKind) -> Metric:
        """The mean over classes, or labels, where there are several."""
        return averaged("pauc", kind, partial(ranking.partial_auc, max_fpr=self.max_fpr), BOTH)
