"""How much memory the values of one inference take, as planned from the file."""

from typing import ClassVar

from edgehone.decide.metrics._base import MOST, BudgetMetric, Need, Range, Reading, Unit, exact
from edgehone.decide.metrics._names import UNREAD
from edgehone.values import Measurement


class ArenaBytes(BudgetMetric):
    """The same every time: the head of TFLite Micro's arena. What the interpreter and its kernels
    keep besides is not part of it: on a 64-bit machine up to 768 bytes, 256 an operator and 8 an
    output channel of a convolution, and 3 KiB for a softmax of 16 bits.
    """

    UNIT: ClassVar[Unit] = "bytes"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"audit"})
    RANGE: ClassVar[Range | None] = Range(
        16, 2.0**40, 1, 2.0**40, "values take between 16 bytes and 1 TiB", MOST.format("64 KiB")
    )

    def read(self, measurement: Measurement) -> Reading:
        """The plan's size."""
        audit = measurement.artifact.audit
        if audit is None:
            return Reading(None, reason=UNREAD)
        found = audit.get("arena_bytes")
        form = measurement.artifact.format
        unknown = f"what the values of this {form} file take cannot be planned from it"
        return exact(None if found is None else float(found), unknown)
