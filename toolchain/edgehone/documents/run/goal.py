"""What a run was asked for, and what stood in the way."""

from dataclasses import dataclass
from typing import Literal

from edgehone.budgets import Budget
from edgehone.documents.decisions import budget_from_json, budget_json
from edgehone.documents.measurements import accuracy_from_json, accuracy_json
from edgehone.documents.plain import Json
from edgehone.values import Accuracy, Plain


@dataclass(frozen=True)
class ObjectiveEntry:
    """The metric that the winner has least of, or most."""

    metric: str
    minimize: bool = True

    @property
    def verb(self) -> str:
        """What is done to the metric."""
        return "minimize" if self.minimize else "maximize"

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {self.verb: self.metric}

    @classmethod
    def from_json(cls, data: Plain | None) -> "ObjectiveEntry | None":
        """What `to_json` wrote; None: not known."""
        for verb, metric in (data or {}).items():
            return cls(str(metric), verb == "minimize")
        return None


@dataclass(frozen=True)
class BindingEntry:
    """A budget that kept every candidate from winning, and the best that any reached."""

    metric: str
    bound: Literal["max", "min"]
    limit: float
    best: float | None

    def to_json(self) -> Json:
        """As a run's document has it."""
        found = {"metric": self.metric, self.bound: self.limit}
        return {**found, "limit": self.limit, "best": self.best}

    @classmethod
    def from_json(cls, data: Plain) -> "BindingEntry":
        """What `to_json` wrote."""
        bound: Literal["max", "min"] = "min" if data.get("min") is not None else "max"
        return cls(str(data["metric"]), bound, float(data["limit"]), data.get("best"))


@dataclass(frozen=True)
class NeedEntry:
    """A budget on quality that the test samples are too few for: how many there are, how many
    would do (None: no number would), and the nearest limit that these can prove.
    """

    budget: Budget
    samples: int
    samples_needed: int | None
    provable: float

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            **budget_json(self.budget),
            "samples": self.samples,
            "samples_needed": self.samples_needed,
            "provable": self.provable,
        }

    @classmethod
    def from_json(cls, data: Plain) -> "NeedEntry":
        """What `to_json` wrote."""
        budget = budget_from_json(data)
        return cls(budget, int(data["samples"]), data["samples_needed"], float(data["provable"]))


@dataclass(frozen=True)
class TeacherEntry:
    """The Keras teacher on the validation split beside the best constant answer, and what is wrong
    with it; "": nothing.
    """

    accuracy: Accuracy
    warning: str = ""

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {**(accuracy_json(self.accuracy) or {}), "warning": self.warning}

    @classmethod
    def from_json(cls, data: Plain | None) -> "TeacherEntry | None":
        """What `to_json` wrote; None: not known."""
        accuracy = accuracy_from_json(data)
        if data is None or accuracy is None:
            return None
        return cls(accuracy, str(data.get("warning") or ""))


@dataclass(frozen=True)
class LostEntry:
    """A device that some batch could not be measured on: its last error, what to do about it, and
    the exit code that stands for it.
    """

    device: str
    message: str
    hint: str
    exit_code: int

    @property
    def sentence(self) -> str:
        """What happened, as a warning."""
        return f"{self.device} failed: {self.message}"

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            "device": self.device,
            "message": self.message,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }

    @classmethod
    def from_json(cls, data: Plain) -> "LostEntry":
        """What `to_json` wrote."""
        return cls(
            str(data["device"]), str(data["message"]), str(data["hint"]), int(data["exit_code"])
        )
