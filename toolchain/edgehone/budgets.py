"""Budgets, the waivers that excuse them, and what came of checking files against them."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from edgehone.values import Measurement

Outcome = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class Budget:
    """A budget: `metric` at most `limit` (bound "max") or at least (bound "min"), on one device.

    written: the limit as the user wrote it with its unit, such as "1 %"; "": as a bare number.
    relative_to: "baseline" where the limit is on the ratio of the value to the baseline's.
    required: whether missing it fails the gate; an advisory one is shown. allowed, banned: of a
    metric that counts things with names, the only ones that may be there, and those that may not.
    classes: labels that a budget on accuracy is about, taken together; (): all samples. implied:
    nobody wrote it; a gate that compares with a release holds to it all the same.
    """

    metric: str
    bound: Literal["max", "min"]
    limit: float
    device: str = ""
    written: str = field(default="", compare=False)
    relative_to: Literal["", "baseline"] = ""
    required: bool = True
    allowed: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    implied: bool = False

    @property
    def id(self) -> str:
        """What the budget is called wherever it is checked, whatever its limit: stable."""
        given = {"class": self.classes, "allowed": self.allowed, "banned": self.banned}
        about = [f"{key}={each}" for key, values in given.items() for each in values]
        name = f"{self.metric}.{self.bound}" + (".relative" if self.relative_to else "")
        name += f"[{','.join(about)}]" if about else ""
        return f"{name}@{self.device}" if self.device else name


@dataclass(frozen=True)
class Waiver:
    """A budget on `metric` may be missed until `expires` (that day included), for a reason.

    owner: who answers for it. device, file: the only ones it is about; "": every one. file is a
    name or a pattern such as "*-int8.tflite".
    """

    metric: str
    reason: str
    owner: str
    expires: date
    device: str = ""
    file: str = ""


@dataclass(frozen=True)
class Check:
    """One budget held against one measurement, on `device`. further_blocks: about how many more
    would decide what is inconclusive; None where that is not known, or none would.

    budget: what was checked; None in documents of earlier versions. waived: the waiver that lets
    it be missed. against: the baseline's value, of a relative budget.
    """

    metric: str
    bound: Literal["max", "min"]
    limit: float
    value: float | None
    ci95: tuple[float, float] | None
    verdict: Outcome
    reason: str = ""
    device: str = ""
    further_blocks: int | None = None
    budget: Budget | None = None
    waived: Waiver | None = None
    against: float | None = None

    @property
    def id(self) -> str:
        """What it is called among a file's checks, whatever limit and outcome: stable."""
        budget = self.budget or Budget(self.metric, self.bound, self.limit)
        return replace(budget, device=self.device).id

    @property
    def required(self) -> bool:
        """Whether missing it fails the gate."""
        return self.waived is None and (self.budget is None or self.budget.required)


@dataclass(frozen=True)
class Decision:
    """All budgets held against one artifact: its measurement on the first device, and the checks
    on that and every other one.
    """

    measurement: Measurement
    checks: tuple[Check, ...]
    outcome: Outcome
