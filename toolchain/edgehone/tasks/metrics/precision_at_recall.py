"""The precision that can be had while enough is found."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from edgehone.errors import ConfigError
from edgehone.tasks import ranking
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._ranking import averaged
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class PrecisionAtRecall(TaskMetric):
    """recall: the share of what there is to find that has to be found. The highest precision of all
    thresholds that do; of several labels the mean.
    """

    FORMS: ClassVar[tuple[Form, ...]] = ("yes or no", "labels", "score")
    recall: float = 0.9

    def __post_init__(self) -> None:
        if not isinstance(self.recall, int | float) or not 0 < self.recall <= 1:
            raise ConfigError(
                f"precision_at_recall has recall = {self.recall!r}, which is out of range.",
                'Write a share above 0: "precision_at_recall(recall=0.9)".',
            )

    def metric(self, kind: TaskKind) -> Metric:
        """Equal scores count as one threshold."""
        score = partial(ranking.precision_at_recall, recall=self.recall)
        return averaged("precision_at_recall", kind, score, "a sample to find")
