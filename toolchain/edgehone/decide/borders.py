"""Whether an app that feeds one file can feed another: their inputs and outputs, one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgehone.values import Plain

NOT_THERE = "missing"
"""What an input or output is in the file that lacks it."""


@dataclass(frozen=True)
class BorderChange:
    """An input or output that another file has otherwise.

    side: "input" or "output"; what: "name", "type", "shape", "scale" or "count"; before, after: in
    words, as "int8" or "missing".
    """

    side: str
    name: str
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.side} {self.name!r}: {self.what} {self.before} -> {self.after}"


def border_changes(
    baseline: Plain, candidate: Plain, *, scales: bool = False
) -> tuple[BorderChange, ...]:
    """What an app would have to change when the candidate takes the baseline's place.

    baseline, candidate: audits, of which "inputs" and "outputs" are read: order, names, types and
    shapes. scales: also scale and zero point of integer borders, which an app that quantizes by
    itself has built in; one that asks the runtime for them does not care.
    """
    return tuple(
        change
        for side in ("input", "output")
        for change in _of_side(side, baseline[f"{side}s"], candidate[f"{side}s"], scales=scales)
    )


def _of_side(
    side: str, before: Sequence[Plain], after: Sequence[Plain], *, scales: bool
) -> Iterator[BorderChange]:
    for place in range(max(len(before), len(after))):
        old = before[place] if place < len(before) else None
        new = after[place] if place < len(after) else None
        if old is None or new is None:
            known = old or new or {}
            words = [NOT_THERE if port is None else str(port["dtype"]) for port in (old, new)]
            yield BorderChange(side, str(known["name"]), "count", *words)
            continue
        for what, was, now in _facts(old, new, scales=scales):
            if was != now:
                yield BorderChange(side, str(old["name"]), what, was, now)


def _facts(old: Plain, new: Plain, *, scales: bool) -> Iterator[tuple[str, str, str]]:
    """What is compared, as (what, before, after)."""
    yield "name", str(old["name"]), str(new["name"])
    yield "type", str(old["dtype"]), str(new["dtype"])
    yield "shape", _shape(old), _shape(new)
    if scales and old["dtype"] == new["dtype"]:
        yield "scale", _scale(old), _scale(new)


def _shape(port: Plain) -> str:
    return "x".join("?" if size is None else str(size) for size in port["shape"]) or "one number"


def _scale(port: Plain) -> str:
    if not port.get("scale"):
        return "none"
    return f"{port['scale']:.9g} at zero point {port['zero_point']}"
