"""How much of the model's arithmetic a delegate takes; the rest runs in plain kernels."""

from dataclasses import replace
from typing import ClassVar, Literal

from edgehone.decide.metrics._base import LEAST, BudgetMetric, Need, Range, Reading, Unit, exact
from edgehone.decide.metrics._names import UNREAD
from edgehone.values import Measurement


class DelegateCoverage(BudgetMetric):
    """The share of the multiply-adds, or of the operators where there are none."""

    UNIT: ClassVar[Unit] = "fraction"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"audit", "delegates"})
    OBJECTIVE: ClassVar[Literal["minimize", "maximize", ""]] = ""
    RISES: ClassVar[bool | None] = True
    RANGE: ClassVar[Range | None] = Range(
        0, 1.0000001, 0, 1, "a share lies between 0 and 100 %", LEAST.format("100 %")
    )

    def read(self, measurement: Measurement) -> Reading:
        """What XNNPACK takes."""
        audit = measurement.artifact.audit
        if audit is None:
            return Reading(None, reason=UNREAD)
        found = (audit.get("delegates") or {}).get("xnnpack")
        if not found:
            return Reading(None, reason=f"{measurement.artifact.format} files have no delegates")
        if "reason" in found:
            return Reading(None, reason=str(found["reason"]))
        part, whole = found["macs"]["delegated"], found["macs"]["total"]
        if not whole:
            part, whole = found["delegated"], found["nodes"]
        left = ", ".join(f"{name} ({count})" for name, count in found["left"].items())
        text = f"left to plain kernels: {left}" if left else ""
        return replace(exact(part / whole if whole else None, "it has no operators"), detail=text)
