"""Which numbers an input can take, by what the operators that read it do with them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgehone.formats._base import Array

Shape = tuple[int, ...]
"""Sizes along each axis, -1 for one that is free."""

FEW = 4
"""The greatest made-up count (of loops, of results) where nothing bounds it."""


@dataclass(frozen=True)
class Bounds:
    """Element k lies between low[k % n] and high[k % n], both included. why: what they are."""

    low: tuple[int, ...]
    high: tuple[int, ...]
    why: str

    @classmethod
    def one(cls, low: int, high: int, why: str) -> "Bounds":
        """The same for every element."""
        return cls((low,), (max(low, high),), why)

    @classmethod
    def exactly(cls, values: Sequence[int], why: str) -> "Bounds | None":
        """These values; None without any."""
        found = tuple(int(value) for value in values)
        return cls(found, found, why) if found else None

    def common(self) -> "Bounds":
        """Bounds that hold for every element."""
        return Bounds.one(max(self.low), min(self.high), self.why)

    def less(self, number: int) -> "Bounds":
        """What a number is added to."""
        low, high = (tuple(value - number for value in end) for end in (self.low, self.high))
        return Bounds(low, high, self.why)

    def within(self, other: "Bounds") -> "Bounds":
        """What keeps both."""
        if len(self.low) != len(other.low):
            return self.common().within(other.common())
        low = tuple(map(max, self.low, other.low))
        high = tuple(map(max, low, map(min, self.high, other.high)))
        return Bounds(low, high, self.why)


@dataclass(frozen=True)
class Step:
    """One operator: its kind, the names of what it reads ("" for what is left out) and writes."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    node: Any = field(compare=False)


class View(ABC):
    """A file's graph as far as its inputs are followed."""

    steps: Sequence[Step]
    passing: Mapping[str, tuple[int, ...] | None]
    """Operators that hand on the numbers of the inputs at these places (None: all of them)."""
    demands: Mapping[tuple[str, int], "Demand"]
    """What an operator wants of the input at a place."""

    @abstractmethod
    def shape(self, name: str) -> Shape | None:
        """The shape of a tensor, where it is known."""

    @abstractmethod
    def constant(self, name: str) -> Array | None:
        """The values of a tensor that is in the file."""

    def added(self, step: Step, place: int) -> int | None:
        """What an operator adds to every number at a place; None where it is no such sum."""
        kind = step.kind.upper()
        if kind not in ("ADD", "SUB") or len(step.inputs) != 2 or (kind == "SUB" and place == 1):
            return None
        other = self.constant(step.inputs[1 - place])
        if other is None or other.size == 0 or (other != other.flat[0]).any():
            return None
        return int(other.flat[0]) * (-1 if kind == "SUB" else 1)

    def inside(self, step: Step, place: int) -> Sequence[str]:
        """Names that an input has within graphs that the operator runs."""
        return ()


Demand = Callable[[Any, Step], Bounds | None]
"""(view, step) -> what the operator wants."""


def takes(view: View, name: str) -> Bounds | None:
    """What an input can take; None where nothing is known to bound it.

    What is wanted of the input itself goes before what is wanted of sums with it: a choice between
    an index and one counted from the end reads both.
    """
    plain: Bounds | None = None
    summed: Bounds | None = None
    readers = _readers(view)
    pending, seen = [(name, 0, True)], {name}
    while pending:
        at, added, direct = pending.pop()
        for step, place in readers.get(at, ()):
            wanted = _wanted(view, step, place, direct=direct)
            if wanted is not None and added:
                wanted = wanted.common().less(added)
                summed = wanted if summed is None else summed.within(wanted)
            elif wanted is not None:
                plain = wanted if plain is None else plain.within(wanted)
            more = view.added(step, place)
            for other in _onward(view, step, place, summing=more is not None):
                if other not in seen:
                    seen.add(other)
                    pending.append((other, added + (more or 0), False))
    return plain or summed


def _wanted(view: View, step: Step, place: int, *, direct: bool) -> Bounds | None:
    demand = view.demands.get((step.kind, place))
    found = demand(view, step) if demand else None
    return found if found is None or direct else found.common()


def _onward(view: View, step: Step, place: int, *, summing: bool) -> Sequence[str]:
    """The names that the numbers an operator reads at a place have behind it."""
    places = view.passing.get(step.kind, ())
    passed = summing or places is None or place in places
    return (*(step.outputs if passed else ()), *view.inside(step, place))


def _readers(view: View) -> dict[str, list[tuple[Step, int]]]:
    found: dict[str, list[tuple[Step, int]]] = {}
    for step in view.steps:
        for place, name in enumerate(step.inputs):
            if name:
                found.setdefault(name, []).append((step, place))
    return found


def size_along(shape: Shape | None, axis: int) -> int | None:
    """The size of an axis, which may count from the end; None where it is not known."""
    if shape is None or not -len(shape) <= axis < len(shape) or shape[axis] < 1:
        return None
    return shape[axis]


def below(size: int | None, why: str) -> Bounds | None:
    """Indices of so many things."""
    return None if size is None else Bounds.one(0, size - 1, why)


def positions(shape: Shape | None, rank: int | None, why: str) -> Bounds | None:
    """Positions in the first `rank` axes of a shape, an index for each axis."""
    if shape is None or rank is None or rank < 1 or min(shape[:rank], default=0) < 1:
        return None
    return Bounds((0,) * len(shape[:rank]), tuple(size - 1 for size in shape[:rank]), why)


def sizes(shape: Shape | None, why: str) -> Bounds | None:
    """A shape itself, where it is known in full."""
    if shape is None or min(shape, default=0) < 1:
        return None
    return Bounds.exactly(shape, why)


def always(low: int, high: int, why: str) -> Demand:
    """The same whatever else the operator reads."""
    return lambda view, step: Bounds.one(low, high, why)


def result(view: View, step: Step) -> Bounds | None:
    """The shape of what the operator writes."""
    return sizes(view.shape(step.outputs[0]), "sizes of a tensor")


def indices(axis: Callable[[Step], int]) -> Demand:
    """Places along an axis of the operator's first input."""
    return lambda view, step: below(
        size_along(view.shape(step.inputs[0]), axis(step)), "indices of a table"
    )


def positions_in(whole: Callable[[Step], str], at: int) -> Demand:
    """Positions in a tensor; the operator's input at `at` has one in each of its rows."""
    return lambda view, step: positions(
        view.shape(whole(step)),
        size_along(view.shape(step.inputs[at]), -1),
        "positions in a tensor",
    )


def counts(axis: Callable[[Step], int], why: str) -> Demand:
    """From one to all along an axis of the operator's first input."""
    return lambda view, step: Bounds.one(
        1, size_along(view.shape(step.inputs[0]), axis(step)) or 1, why
    )


def classes(view: View, step: Step) -> Bounds | None:
    """One of as many as the operator's second input says."""
    depth = view.constant(step.inputs[1]) if len(step.inputs) > 1 else None
    return below(int(depth.flat[0]) if depth is not None and depth.size else None, "classes")


def stored(bounds: Bounds | None, port: Mapping[str, Any]) -> dict[str, Any] | None:
    """The bounds as numbers that the file stores, for a port as audits have it: {"low", "high",
    "why"}.
    """
    if bounds is None:
        return None
    low, high = list(bounds.low), list(bounds.high)
    if port.get("scale"):
        scale, zero = float(port["scale"]), int(port["zero_point"] or 0)
        low = [int(-(-value // scale)) + zero for value in low]
        high = [int(value // scale) + zero for value in high]
    return {"low": low, "high": high, "why": bounds.why}
