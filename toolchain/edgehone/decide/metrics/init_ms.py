"""Loading the model."""

from typing import ClassVar

from edgehone.decide.metrics._base import BudgetMetric, Need, Range, Reading, Unit
from edgehone.decide.metrics._times import TIME, once_per_block
from edgehone.values import Measurement


class InitMs(BudgetMetric):
    """Taken once a block, in a fresh process."""

    UNIT: ClassVar[Unit] = "ms"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"latency"})
    RANGE: ClassVar[Range | None] = TIME

    def read(self, measurement: Measurement) -> Reading:
        """The median over blocks."""
        return once_per_block(measurement, "init_ms")
