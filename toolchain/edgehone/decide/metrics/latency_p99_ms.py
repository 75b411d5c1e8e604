"""The 99th percentile of steady-state inferences."""

from typing import ClassVar

from edgehone.decide.metrics._base import BudgetMetric, Need, Range, Reading, Unit
from edgehone.decide.metrics._times import TIME, steady
from edgehone.values import Measurement


class LatencyP99Ms(BudgetMetric):
    """Of all blocks' samples."""

    UNIT: ClassVar[Unit] = "ms"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"latency"})
    RANGE: ClassVar[Range | None] = TIME
    PROPORTIONAL_TO: ClassVar[str] = "latency_p50_ms"

    def read(self, measurement: Measurement) -> Reading:
        """Over all blocks."""
        return steady(measurement, 99)
