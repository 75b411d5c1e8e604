"""The task's own metric."""

from typing import ClassVar, Literal

from edgehone.budgets import Budget
from edgehone.decide.metrics._base import BudgetMetric, Need, Reading, Unit
from edgehone.decide.metrics._classes import of_classes
from edgehone.decide.metrics._scores import unscored
from edgehone.values import Measurement


class Accuracy(BudgetMetric):
    """Over the test split; with the interval that its samples give."""

    UNIT: ClassVar[Unit] = "score"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"data"})
    OBJECTIVE: ClassVar[Literal["minimize", "maximize", ""]] = "maximize"
    RISES: ClassVar[bool | None] = None
    BY_CLASS: ClassVar[bool] = True

    def read(self, measurement: Measurement) -> Reading:
        """The score."""
        found = measurement.accuracy
        if found is None:
            return Reading(None, reason=unscored(measurement))
        return Reading(found.value, found.ci95)

    def read_for(
        self, budget: Budget, measurement: Measurement, baseline: Measurement | None = None
    ) -> Reading:
        """The score, or that of the classes that the budget is about."""
        found = measurement.accuracy
        if not budget.classes or found is None:
            return self.read(measurement)
        return of_classes(found, budget.classes)
