"""What a budget metric is: how it is read from a measurement, and what must be measured for it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from edgehone.budgets import Budget
from edgehone.stats import Blocks
from edgehone.values import Measurement

Interval = tuple[float, float]
Unit = Literal["bytes", "ms", "count", "fraction", "score"]

Need = Literal[
    "latency", "memory", "instructions", "energy", "data", "baseline", "audit", "delegates"
]
"""What a measurement must hold: times, a memory run, counted instructions, energy, the outputs on
samples with labels, those of a file to compare with, what is in the file, and what of it
delegates take."""


Tier = Literal["file", "count", "device"]
"""What a gate looks at one after the other: what is in the file, what an emulator counts, both of
which are the same every time; and what a device measures."""


@dataclass(frozen=True)
class Reading:
    """One metric of a measurement. `reason` says why there is no value. An exact value is the same
    every time it is taken; any other has a 95 % interval, or None when its spread is not known.
    extremes: the lowest and highest sample; blocks: the samples of which it is the percentile
    `percent`. detail: what the value is made of, for those who ask why it is as it is.
    """

    value: float | None
    ci95: Interval | None = None
    exact: bool = False
    extremes: Interval | None = None
    reason: str = ""
    blocks: Blocks = ()
    percent: float = 50.0
    detail: str = ""


@dataclass(frozen=True)
class Range:
    """Between what a metric lies, whatever the file, in words. A max of `most` or above cannot
    be missed, nor a min of `least` or below; a max below `lowest` cannot be kept, nor a min above
    `highest`. better: what to write instead.
    """

    least: float
    most: float
    lowest: float
    highest: float
    phrase: str
    better: str


@dataclass(frozen=True)
class Capabilities:
    """What a device cannot report: need -> why, as a sentence after the device's name."""

    lacks: Mapping[Need, str] = field(default_factory=dict)


class BudgetMetric(ABC):
    """A metric budgets may limit."""

    UNIT: ClassVar[Unit]

    NEEDS: ClassVar[frozenset[Need]] = frozenset()
    """What has to be measured for it; nothing: the file alone tells it."""

    OBJECTIVE: ClassVar[Literal["minimize", "maximize", ""]] = "minimize"
    """What a search may do with it as its objective; "": it is none."""

    RISES: ClassVar[bool | None] = False
    """Whether more is better; None: as the task's own metric is."""

    RANGE: ClassVar[Range | None] = None
    """Between what it lies, which limits outside are refused by; None: not known, or the task's."""

    SEARCH_SUM: ClassVar[str] = ""
    """The sum over a plan's layers that the search holds it by: "cost" (what layers are measured
    in), "size_bytes", "memory_bytes", "packed_bytes", or one that a technique adds; "": none."""

    PROPORTIONAL_TO: ClassVar[str] = ""
    """The metric that the search holds it through, by their measured ratio, where it has no sum."""

    NAMES: ClassVar[str] = ""
    """What it counts has names that a budget may allow or ban: what they are called; "": none."""

    KNOWN: ClassVar[tuple[str, ...]] = ()
    """All names that there can be; none: any."""

    BY_CLASS: ClassVar[bool] = False
    """Whether a budget may be about some classes alone."""

    @abstractmethod
    def read(self, measurement: Measurement) -> Reading:
        """Its value in a measurement, or why there is none."""

    def read_for(
        self, budget: Budget, measurement: Measurement, baseline: Measurement | None = None
    ) -> Reading:
        """What a budget limits: the value, unless the budget is about a part of it."""
        del budget, baseline
        return self.read(measurement)

    def unavailable(self, device: Capabilities) -> str:
        """Why this device cannot tell it, as a sentence after the device's name; "": it can."""
        return next((device.lacks[need] for need in sorted(self.NEEDS) if need in device.lacks), "")

    @property
    def timed(self) -> bool:
        """Whether it depends on how fast and how idle the device was."""
        return "latency" in self.NEEDS

    @property
    def of_file(self) -> bool:
        """Whether the file alone tells it."""
        return not self.NEEDS

    @property
    def static(self) -> bool:
        """Whether the file tells it, once looked into; no device is needed, nor any data."""
        return {"audit", "delegates"} >= self.NEEDS

    @property
    def tier(self) -> Tier:
        """How it is found out: the cheapest and surest way comes first."""
        if self.static:
            return "file"
        return "count" if {"audit", "delegates", "instructions"} >= self.NEEDS else "device"

    @property
    def quality(self) -> bool:
        """Whether it says how good the outputs are, which training decides."""
        return "data" in self.NEEDS


def exact(value: float | None, reason: str = "") -> Reading:
    """A value that is the same every time it is taken."""
    return Reading(value, exact=True, reason=reason)


MOST = 'Write the most that is allowed, such as max = "{}".'
LEAST = 'Write the least that is enough, such as min = "{}".'
