"""F1 of each class, averaged over the classes."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from edgehone.system.numbers import Array
from edgehone.tasks.found import macro, macro_terms
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._classes import blind, counts
from edgehone.tasks.scoring import Metric


@dataclass(frozen=True)
class MacroF1(TaskMetric):
    """Classes that neither occur nor are given do not count. Of places the counts are over all
    samples, where F1 is the Dice coefficient.
    """

    FORMS: ClassVar[tuple[Form, ...]] = ("class", "places", "yes or no")

    def metric(self, kind: TaskKind) -> Metric:
        """Hits and errors of each class, averaged, then F1."""

        def terms(y: Array, outputs: Array) -> Array:
            return macro_terms(counts(kind, y, outputs))

        return Metric(
            "macro_f1",
            higher_is_better=True,
            terms=terms,
            combine=macro,
            constants=partial(blind, kind),
        )
