"""What a metric of tasks is that comes with the package: a file, for every kind it suits."""

from abc import ABC, abstractmethod
from typing import ClassVar

from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.scoring import Metric


class TaskMetric(ABC):
    """A metric. A variant is one public file in this folder, named like the metric: a frozen
    dataclass whose fields are its settings, "topk(k=3)"; each has a default.
    """

    FORMS: ClassVar[tuple[Form, ...]]
    """Of which kinds of task: those with one of these forms (`TaskKind.FORM`)."""

    @abstractmethod
    def metric(self, kind: TaskKind) -> Metric:
        """The metric of a task of this kind, whose constant answers (`Metric.constants`) it knows
        where the kind's own (`TaskKind.constants`) may not have the best among them.
        """
