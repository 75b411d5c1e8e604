"""How often one of the nearest other samples has the same class."""

from dataclasses import dataclass
from typing import ClassVar

from edgehone.errors import ConfigError
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.retrieval import retrieved
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class RetrievalRecall(TaskMetric):
    """k: how many neighbours, by cosine, count (Recall@k)."""

    FORMS: ClassVar[tuple[Form, ...]] = ("vectors",)
    k: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or isinstance(self.k, bool) or self.k < 1:
            raise ConfigError(
                f"retrieval_recall has k = {self.k!r}, which is out of range.",
                'Write an integer from 1: "retrieval_recall(k=5)".',
            )

    def metric(self, kind: TaskKind) -> Metric:
        """Samples whose class no other has do not count."""
        return retrieved(self.k)
