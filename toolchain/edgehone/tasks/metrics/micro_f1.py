"""F1 of all classes taken together."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from edgehone.system.numbers import Array
from edgehone.tasks.found import micro, micro_terms
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._classes import blind, counts
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class MicroF1(TaskMetric):
    """Where every sample has one class, it is the accuracy."""

    FORMS: ClassVar[tuple[Form, ...]] = ("class", "places")

    def metric(self, kind: TaskKind) -> Metric:
        """Hits and errors of all classes, averaged, then F1."""

        def terms(y: Array, outputs: Array) -> Array:
            return micro_terms(counts(kind, y, outputs))

        return Metric(
            "micro_f1",
            higher_is_better=True,
            terms=terms,
            combine=micro,
            constants=partial(blind, kind),
        )
