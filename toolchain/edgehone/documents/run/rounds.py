"""A round of a run: what it aimed at, what it kept, and what could not be made."""

from dataclasses import dataclass

from edgehone.budgets import Check
from edgehone.documents.decisions import check_from_json, check_json
from edgehone.documents.plain import Json
from edgehone.values import Plain


@dataclass(frozen=True)
class RefusedEntry:
    """A format that a candidate could not be made in, and why."""

    format: str
    reason: str

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {"format": self.format, "reason": self.reason}


@dataclass(frozen=True)
class LeftOutEntry:
    """A candidate that was trained for a part of the epochs and not measured, and why."""

    name: str
    reason: str

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {"name": self.name, "reason": self.reason}


@dataclass(frozen=True)
class ValidatedCheck:
    """A budget on quality checked on the validation split, over n samples."""

    check: Check
    n: int

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {**check_json(self.check), "n": self.n}


@dataclass(frozen=True)
class RoundEntry:
    """One round. target: what the objective was asked to be; None: nothing was asked.

    quality_kept: whether a candidate keeps the quality budgets on the validation split, as the
    search judged; None: nothing was judged. quality: those budgets there, for the first that keeps
    them, or else the first. candidates: how many were built; None: not known. left_out: those of
    them that others outdid before they were trained in full.
    """

    round: int
    target: float | None = None
    quality_kept: bool | None = None
    quality: tuple[ValidatedCheck, ...] = ()
    refused: tuple[RefusedEntry, ...] = ()
    candidates: int | None = None
    left_out: tuple[LeftOutEntry, ...] = ()

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            "round": self.round,
            "candidates": self.candidates,
            "target": self.target,
            "quality_kept": self.quality_kept,
            "quality": [each.to_json() for each in self.quality],
            "refused": [each.to_json() for each in self.refused],
            "left_out": [each.to_json() for each in self.left_out],
        }

    @classmethod
    def from_json(cls, data: Plain) -> "RoundEntry":
        """What `to_json` wrote; what older versions left out is unknown."""
        return cls(
            int(data["round"]),
            data.get("target"),
            data.get("quality_kept"),
            tuple(
                ValidatedCheck(check_from_json(each), int(each["n"]))
                for each in data.get("quality") or ()
            ),
            tuple(
                RefusedEntry(str(each["format"]), str(each["reason"]))
                for each in data.get("refused") or ()
            ),
            data.get("candidates"),
            tuple(
                LeftOutEntry(str(each["name"]), str(each["reason"]))
                for each in data.get("left_out") or ()
            ),
        )
