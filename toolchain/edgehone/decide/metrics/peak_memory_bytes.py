"""How much resident memory the model adds at its highest."""

from typing import ClassVar

from edgehone.decide.metrics._base import MOST, BudgetMetric, Need, Range, Reading, Unit, exact
from edgehone.values import Measurement


class PeakMemoryBytes(BudgetMetric):
    """From a run of its own."""

    UNIT: ClassVar[Unit] = "bytes"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"memory"})
    SEARCH_SUM: ClassVar[str] = "memory_bytes"
    RANGE: ClassVar[Range | None] = Range(
        1024, 2.0**44, 1, 2.0**44, "a process takes between 1 KiB and 16 TiB", MOST.format("1 MiB")
    )

    def read(self, measurement: Measurement) -> Reading:
        """The peak, which an emulator would add its own memory to."""
        memory = measurement.memory
        if measurement.device.emulated:
            why = "the device is emulated, and its memory the emulator's as well"
            return Reading(None, reason=why)
        own = measurement.reason if measurement.verdict == "failed" else ""
        return exact(None if memory is None else memory.peak, own or "memory was not measured")
