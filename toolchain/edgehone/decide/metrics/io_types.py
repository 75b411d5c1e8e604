"""What an app sees of the file: names, shapes and types of its inputs and outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from edgehone.decide.metrics._base import Reading, exact
from edgehone.decide.metrics._names import NamedThings
from edgehone.values import Budget, Measurement, Plain

COMPARED = ("name", "shape", "dtype")
"""What an app is written for; scales and zero points it reads from the file."""


class IoTypes(NamedThings):
    """Types of inputs and outputs; against a baseline, all that an app depends on."""

    NAMES: ClassVar[str] = "data types"

    def things(self, audit: Plain) -> Mapping[str, int]:
        """Types and how many inputs and outputs have each."""
        found: dict[str, int] = {}
        for port in (*audit["inputs"], *audit["outputs"]):
            found[port["dtype"]] = found.get(port["dtype"], 0) + 1
        return found

    def read_for(
        self, budget: Budget, measurement: Measurement, baseline: Measurement | None = None
    ) -> Reading:
        """How many inputs and outputs are not as allowed, or not as the baseline has them."""
        audit = measurement.artifact.audit
        if not budget.relative_to or audit is None:
            return super().read_for(budget, measurement)
        known = None if baseline is None else baseline.artifact.audit
        if known is None:
            return Reading(None, reason="there is no baseline to compare with")
        changed = changes(known, audit)
        return replace(exact(float(len(changed))), detail="; ".join(changed))


def changes(before: Plain, after: Plain) -> list[str]:
    """A sentence on each input and output that an app would have to be changed for."""
    found: list[str] = []
    for side in ("inputs", "outputs"):
        old, new = list(before[side]), list(after[side])
        if len(old) != len(new):
            found.append(f"{len(new)} {side} instead of {len(old)}")
        found += _changed(side[:-1], old, new)
    return found


def _changed(side: str, old: Sequence[Plain], new: Sequence[Plain]) -> list[str]:
    pairs = zip(old, new, strict=False)
    return [
        f"{side} {was['name']!r}: {', '.join(text)}"
        for was, now in pairs
        if (text := [_words(key, was, now) for key in COMPARED if was.get(key) != now.get(key)])
    ]


def _words(key: str, was: Plain, now: Plain) -> str:
    return f"{key.replace('_', ' ')} {_shown(was.get(key))} is now {_shown(now.get(key))}"


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
