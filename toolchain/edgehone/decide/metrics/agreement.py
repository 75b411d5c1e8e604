"""How often the answers are the teacher's."""

from typing import ClassVar, Literal

from edgehone.decide.metrics._base import LEAST, BudgetMetric, Need, Range, Reading, Unit
from edgehone.decide.metrics._scores import unscored
from edgehone.stats import wilson
from edgehone.values import Measurement

FINEST = 1e-4
"""A hundredth of a percent: no limit on a fraction lies nearer to its end."""


class Agreement(BudgetMetric):
    """A share of the samples."""

    UNIT: ClassVar[Unit] = "fraction"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"data", "baseline"})
    OBJECTIVE: ClassVar[Literal["minimize", "maximize", ""]] = "maximize"
    RISES: ClassVar[bool | None] = True
    RANGE: ClassVar[Range | None] = Range(
        FINEST, 1 - FINEST, 0, 1, "agreement lies between 0 and 100 %", LEAST.format("95 %")
    )

    def read(self, measurement: Measurement) -> Reading:
        """The share, with Wilson's interval."""
        found = measurement.accuracy
        if found is None:
            return Reading(None, reason=unscored(measurement))
        if found.agreement is None:
            return Reading(None, reason="there is no teacher or no data to agree on")
        return Reading(found.agreement, wilson(round(found.agreement * found.n), found.n))
