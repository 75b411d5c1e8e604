"""F1 of yes, where each sample has one question."""

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
class F1(TaskMetric):
    """The harmonic mean of precision and recall of the samples that are a yes."""

    FORMS: ClassVar[tuple[Form, ...]] = ("yes or no",)

    def metric(self, kind: TaskKind) -> Metric:
        """Hits and errors of yes, averaged, then F1."""

        def terms(y: Array, outputs: Array) -> Array:
            return micro_terms(counts(kind, y, outputs)[..., 1:])

        return Metric(
            "f1", higher_is_better=True, terms=terms, combine=micro, constants=partial(blind, kind)
        )
