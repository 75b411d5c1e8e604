"""The size of the file."""

from typing import ClassVar

from edgehone.decide.metrics._base import BudgetMetric, Range, Reading, Unit, exact
from edgehone.decide.metrics._sizes import SIZE
from edgehone.values import Measurement


class SizeBytes(BudgetMetric):
    """Exact, and known without a device."""

    UNIT: ClassVar[Unit] = "bytes"
    RANGE: ClassVar[Range | None] = SIZE
    SEARCH_SUM: ClassVar[str] = "size_bytes"

    def read(self, measurement: Measurement) -> Reading:
        """The artifact's."""
        return exact(measurement.artifact.size_bytes)
