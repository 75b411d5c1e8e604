"""How a run's winner compares with the teacher: overall, by class, in confidence, under noise."""

from dataclasses import dataclass
from typing import Any

from edgehone.documents.plain import Json, optional_pair, plain
from edgehone.values import NOTHING, Plain

Interval = tuple[float, float]

_CHANGE = ("before", "before_ci95", "after", "after_ci95", "drop", "drop_ci95")
_CLASS = ("label", "name", "n", *_CHANGE, "p", "harmed")
_WHOLE = ("samples", "overall", "classes", "worst", "ece", "scored", "noise", "findings")


@dataclass(frozen=True)
class Change:
    """A metric before compression and after it; a positive drop is worse. None: not known."""

    before: float
    after: float
    drop: float | None
    drop_ci95: Interval | None
    before_ci95: Interval | None = None
    after_ci95: Interval | None = None
    metric: str = ""

    def to_json(self) -> Json:
        """As a run's document has it; the metric only where it is named."""
        named = {"metric": self.metric} if self.metric else {}
        return {**named, **{key: plain(getattr(self, key)) for key in _CHANGE}}

    @classmethod
    def from_json(cls, data: Plain) -> "Change":
        """What `to_json` wrote."""
        return cls(
            data["before"],
            data["after"],
            data["drop"],
            optional_pair(data["drop_ci95"]),
            optional_pair(data.get("before_ci95")),
            optional_pair(data.get("after_ci95")),
            str(data.get("metric") or ""),
        )


@dataclass(frozen=True)
class ClassChange:
    """One class of a classification. degraded: more samples turned wrong than right, beyond
    chance; p: of that many by chance.
    """

    label: int
    name: str | None
    n: int
    change: Change
    p: float | None
    degraded: bool
    others: Plain = NOTHING

    @property
    def title(self) -> str:
        """The class as people call it, and its label; the label alone where it has no name."""
        return f"{self.name} ({self.label})" if self.name else f"{self.label}"

    def to_json(self) -> Json:
        """As a run's document has it."""
        who = {"label": self.label, "name": self.name, "n": self.n}
        detail = {"p": self.p, "harmed": self.degraded, **plain(self.others)}
        return {**who, **self.change.to_json(), **detail}

    @classmethod
    def from_json(cls, data: Plain) -> "ClassChange":
        """What `to_json` wrote."""
        return cls(
            int(data["label"]),
            data.get("name"),
            int(data["n"]),
            Change.from_json(data),
            data.get("p"),
            bool(data["harmed"]),
            _others(data, _CLASS),
        )


@dataclass(frozen=True)
class Noise:
    """The change under noise of that share of the inputs' deviation."""

    share: float
    change: Change

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {"share": self.share, **self.change.to_json()}


@dataclass(frozen=True)
class Generalization:
    """The winner's file beside the teacher on the test samples.

    worst: the label of the class that lost most; ece: the expected calibration errors before and
    after; scored: what the score of a class is, in words; noise: None where inputs cannot be noisy.
    others: what tasks of other kinds add.
    """

    samples: int
    overall: Change
    classes: tuple[ClassChange, ...] = ()
    worst: int | None = None
    ece: tuple[float, float] | None = None
    scored: str = ""
    noise: Noise | None = None
    findings: tuple[str, ...] = ()
    others: Plain = NOTHING

    def to_json(self) -> Json:
        """As a run's document has it."""
        ece = None if self.ece is None else dict(zip(("before", "after"), self.ece, strict=True))
        return {
            "samples": self.samples,
            "overall": self.overall.to_json(),
            "classes": [each.to_json() for each in self.classes],
            "worst": self.worst,
            "ece": ece,
            "scored": self.scored,
            "noise": None if self.noise is None else self.noise.to_json(),
            "findings": list(self.findings),
            **plain(self.others),
        }

    @classmethod
    def from_json(cls, data: Plain | None) -> "Generalization | None":
        """What `to_json` wrote; None: there was no winner to look at."""
        if not data:
            return None
        ece, noise = data["ece"], data["noise"]
        return cls(
            int(data["samples"]),
            Change.from_json(data["overall"]),
            tuple(ClassChange.from_json(each) for each in data["classes"]),
            data["worst"],
            (ece["before"], ece["after"]) if ece else None,
            str(data.get("scored") or ""),
            Noise(float(noise["share"]), Change.from_json(noise)) if noise else None,
            tuple(str(text) for text in data["findings"]),
            _others(data, _WHOLE),
        )


def _others(data: Plain, known: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in known}
