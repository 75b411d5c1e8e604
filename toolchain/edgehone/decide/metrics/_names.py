"""Things in a file that have names, counted: those that a budget bans, or does not allow."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import ClassVar, Literal

from edgehone.budgets import Budget
from edgehone.decide.metrics._base import BudgetMetric, Need, Range, Reading, Unit, exact
from edgehone.values import Measurement, Plain

DATA_TYPES = (
    *(f"float{bits}" for bits in (64, 32, 16)),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (64, 32, 16, 8, 4, 2)),
    *("bfloat16", "float8", "bool", "string", "complex64", "complex128", "resource", "variant"),
)
"""Types of tensors, as audits call them."""

UNREAD = "nobody looked into the file"
MOST_NAMED = 5
"""Names that a reason lists."""


class NamedThings(BudgetMetric):
    """How many there are, or how many of those that a budget does not want."""

    UNIT: ClassVar[Unit] = "count"
    NEEDS: ClassVar[frozenset[Need]] = frozenset({"audit"})
    OBJECTIVE: ClassVar[Literal["minimize", "maximize", ""]] = ""
    RANGE: ClassVar[Range | None] = Range(
        -1,
        1e9,
        0,
        1e9,
        "a file has fewer than 10^9 of them",
        'Name what is not wanted: banned = ["…"].',
    )

    @abstractmethod
    def things(self, audit: Plain) -> Mapping[str, int]:
        """What there is, by name, and how many of each."""

    def read(self, measurement: Measurement) -> Reading:
        """How many in all."""
        audit = measurement.artifact.audit
        return exact(None if audit is None else sum(self.things(audit).values()), UNREAD)

    def read_for(
        self, budget: Budget, measurement: Measurement, baseline: Measurement | None = None
    ) -> Reading:
        """How many the budget does not want; against a baseline, how many this one does not have.
        The detail names them.
        """
        audit = measurement.artifact.audit
        if audit is None or not (budget.allowed or budget.banned or budget.relative_to):
            return self.read(measurement)
        found = dict(self.things(audit))
        allowed: Iterable[str] = budget.allowed
        if budget.relative_to:
            known = None if baseline is None else baseline.artifact.audit
            if known is None:
                return Reading(None, reason="there is no baseline to compare with")
            allowed = (*allowed, *map(_literal, self.things(known)))
        limited = bool(budget.allowed or budget.relative_to)
        unwanted = {
            name: count
            for name, count in found.items()
            if (limited and not named(name, allowed)) or named(name, budget.banned)
        }
        return replace(exact(float(sum(unwanted.values()))), detail=listed(unwanted))


def listed(things: Mapping[str, int]) -> str:
    """Names with their numbers, the most frequent first; a few of many."""
    ordered = sorted(things.items(), key=lambda each: (-each[1], each[0]))
    text = ", ".join(f"{name} ({count})" for name, count in ordered[:MOST_NAMED])
    others = len(ordered) - MOST_NAMED
    return f"{text} and {others} more" if others > 0 else text


def named(name: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern is of this name, however it writes it: Conv2D is CONV_2D."""
    return any(fnmatchcase(_bare(name), _bare(pattern)) for pattern in patterns)


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _literal(name: str) -> str:
    """A pattern that matches this name alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
