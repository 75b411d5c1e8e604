"""The task's own metric."""

from typing import ClassVar, Literal

from edgehone.decide.metrics._base import BudgetMetric, Need, Reading, Unit
from edgehone.decide.metrics._scores import unscored
from edgehone.values import Measurement


class Accuracy(BudgetMetric):
    """Over the test split; with the interval that its samples give."""

    UNIT: ClassVar[Unit] = "score"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"data"})
    OBJECTIVE: ClassVar[Literal["minimize", "maximize", ""]] = "maximize"
    RISES: ClassVar[bool | None] = None

    def read(self, measurement: Measurement) -> Reading:
        """The score."""
        found = measurement.accuracy
        if found is None:
            return Reading(None, reason=unscored(measurement))
        return Reading(found.value, found.ci95)
