"""By how much the task's metric is worse than the baseline's."""

from typing import ClassVar

from edgehone.budgets import Budget
from edgehone.decide.metrics._base import BudgetMetric, Need, Reading, Unit
from edgehone.decide.metrics._classes import drop_of_classes
from edgehone.decide.metrics._scores import unscored
from edgehone.values import Measurement


class AccuracyDrop(BudgetMetric):
    """Paired sample by sample."""

    UNIT: ClassVar[Unit] = "score"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"data", "baseline"})
    BY_CLASS: ClassVar[bool] = True

    def read(self, measurement: Measurement) -> Reading:
        """The drop; negative: it is better."""
        found = measurement.accuracy
        if found is None:
            return Reading(None, reason=unscored(measurement))
        if found.drop is None:
            return Reading(None, reason="there is no baseline to count the drop from")
        return Reading(found.drop, found.drop_ci95)

    def read_for(
        self, budget: Budget, measurement: Measurement, baseline: Measurement | None = None
    ) -> Reading:
        """The drop, or that of the classes that the budget is about."""
        found = measurement.accuracy
        if not budget.classes or found is None:
            return self.read(measurement)
        return drop_of_classes(
            found, None if baseline is None else baseline.accuracy, budget.classes
        )
