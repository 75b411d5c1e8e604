"""Which ranks to split layers at, given what every choice costs and loses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgehone.compress._factors import Options
from edgehone.data import Array

ROUNDING = 1e-12
"""Energy that may be missing for reasons of arithmetic alone."""


@dataclass(frozen=True)
class Choice:
    """One layer split at these ranks, and the share of its kernel's squared norm that is lost."""

    method: str
    ranks: tuple[int, ...]
    full: tuple[int, ...]
    macs: int
    params: int
    lost: float


def choice(found: Options, index: int) -> Choice:
    """The option at a position."""
    return Choice(
        found.method,
        tuple(int(rank) for rank in found.ranks[index]),
        found.full,
        int(found.macs[index]),
        int(found.params[index]),
        float(found.lost[index]),
    )


def worthwhile(options: Options, whole: tuple[int, int], most: float) -> Array:
    """(n,) bool: where neither MACs nor weights exceed the share `most` of the `whole` layer's
    (macs, params), nor reach them.
    """
    macs, params = options.macs / whole[0], options.params / whole[1]
    return np.asarray((np.maximum(macs, params) <= most) & (np.maximum(macs, params) < 1))


def cheapest(ways: Sequence[Options], energy: float) -> Choice:
    """The choice with the fewest MACs that holds the share `energy` of the squared norm; among
    equals the one that loses least.
    """
    found = []
    for options in ways:
        enough = np.flatnonzero(options.lost <= 1 - energy + ROUNDING)
        order = np.lexsort((options.lost[enough], options.macs[enough]))
        found.append(choice(options, int(enough[order[0]])))
    return min(found, key=lambda c: (c.macs, c.lost))


def within(
    layers: Mapping[str, Sequence[Options]],
    whole: Mapping[str, tuple[int, int]],
    saving: float,
    counted: Literal["macs", "params"],
    most: float,
) -> tuple[dict[str, Choice], int]:
    """Choices that together save at least `saving`, and what they save: less when there is no
    more to save. One step after the other, always the one that loses least energy for what it
    saves, along the lower convex hull of every layer's (cost, loss): so no other choices of the
    same cost lose less in sum, but for the last step.

    whole: (macs, params) of each layer as it is; most: see `worthwhile`.
    """
    steps = []
    for name, ways in layers.items():
        cost, lost = float(whole[name][counted == "params"]), 0.0
        for picked in _hull(_points(ways, whole[name], counted, most), counted, cost):
            next_cost = getattr(picked, counted)
            steps.append(((picked.lost - lost) / (cost - next_cost), name, picked))
            cost, lost = next_cost, picked.lost
    chosen: dict[str, Choice] = {}
    saved = 0
    for _, name, picked in sorted(steps, key=lambda step: step[0]):
        if saved >= saving:
            break
        before = (
            getattr(chosen[name], counted) if name in chosen else whole[name][counted == "params"]
        )
        saved += before - getattr(picked, counted)
        chosen[name] = picked
    return chosen, saved


def _points(
    ways: Sequence[Options], whole: tuple[int, int], counted: str, most: float
) -> list[Choice]:
    """Choices that no other one beats in both cost and loss, dearest first."""
    found: list[Choice] = []
    for options in ways:
        allowed = np.flatnonzero(worthwhile(options, whole, most))
        costs = np.asarray(getattr(options, counted))[allowed]
        order = allowed[np.lexsort((options.lost[allowed], costs))]
        lowest = np.minimum.accumulate(options.lost[order])
        better = np.append(True, lowest[1:] < lowest[:-1])[: len(order)]
        found += [choice(options, int(index)) for index in order[better]]
    return sorted(found, key=lambda c: (-getattr(c, counted), c.lost))


def _hull(points: Sequence[Choice], counted: str, whole: float) -> list[Choice]:
    """The points on the lower convex hull of (cost, loss), from the whole layer's (whole, 0) down:
    each loses more energy for what it saves than the one before.
    """
    hull: list[tuple[float, float, Choice | None]] = [(whole, 0.0, None)]
    for point in points:
        cost = float(getattr(point, counted))
        if cost >= hull[-1][0]:
            continue
        while len(hull) > 1 and _slope(hull[-1], cost, point.lost) <= _slope(
            hull[-2], *hull[-1][:2]
        ):
            hull.pop()
        hull.append((cost, point.lost, point))
    return [point for _, _, point in hull if point is not None]


def _slope(start: tuple[float, float, Choice | None], cost: float, lost: float) -> float:
    """Energy lost for each unit saved on the way from `start`."""
    return (lost - start[1]) / (start[0] - cost)
