"""Area under the steps of precision over recall."""

from dataclasses import dataclass
from typing import ClassVar

from edgehone.tasks import ranking
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._ranking import averaged
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class AveragePrecision(TaskMetric):
    """Of samples that are a yes, or unusual; chance has their share."""

    FORMS: ClassVar[tuple[Form, ...]] = ("yes or no", "score")

    def metric(self, kind: TaskKind) -> Metric:
        """Equal scores count as one step."""
        needs = "a sample to find"
        return averaged("average_precision", kind, ranking.average_precision, needs)
