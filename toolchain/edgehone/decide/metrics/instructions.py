"""How many machine instructions one inference takes."""

from typing import ClassVar

from edgehone.decide.metrics._base import MOST, BudgetMetric, Need, Range, Reading, Unit, exact
from edgehone.values import Measurement


class Instructions(BudgetMetric):
    """Counted by an emulator, the same every time."""

    UNIT: ClassVar[Unit] = "count"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"instructions"})
    SEARCH_SUM: ClassVar[str] = "cost"
    RANGE: ClassVar[Range | None] = Range(
        100, 1e16, 1, 1e16, "an inference takes between 100 and 10^16 of them", MOST.format("20 M")
    )

    def read(self, measurement: Measurement) -> Reading:
        """The count."""
        unable = "this device does not count instructions; arm-emulated does"
        crashed = measurement.latency is None and measurement.verdict != "emulated"
        reason = (measurement.reason if crashed else "") or unable
        return exact(measurement.instructions, reason)
