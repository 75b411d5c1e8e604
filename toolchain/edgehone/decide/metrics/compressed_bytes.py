"""The size of the file after DEFLATE, which is what an app's package grows by."""

from typing import ClassVar

from edgehone.decide.metrics._base import BudgetMetric, Range, Reading, Unit, exact
from edgehone.decide.metrics._sizes import SIZE
from edgehone.values import Measurement


class CompressedBytes(BudgetMetric):
    """Exact, and known without a device."""

    UNIT: ClassVar[Unit] = "bytes"
    RANGE: ClassVar[Range | None] = SIZE
    SEARCH_SUM: ClassVar[str] = "packed_bytes"
    PROPORTIONAL_TO: ClassVar[str] = "size_bytes"

    def read(self, measurement: Measurement) -> Reading:
        """The artifact's."""
        return exact(measurement.artifact.compressed_bytes)
