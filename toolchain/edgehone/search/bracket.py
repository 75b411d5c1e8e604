"""Which value of the objective to ask for next: bisection between what passed and what failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

CLOSE_ENOUGH = 1.08
"""Ratio of the ends of the bracket below which another round cannot gain much."""


@dataclass(frozen=True)
class Asked:
    """A value asked for in an earlier round, and whether its candidate kept the budgets."""

    target: float
    kept: bool


def next_target(
    asked: Sequence[Asked], lowest: float, highest: float, fall: float = 0.0
) -> float | None:
    """The next value to ask for (lower is better), or None when the bracket is closed.

    lowest and highest are the ends of what can be asked for, both > 0. Halves the bracket on a
    logarithmic scale: latency and size matter by ratio. fall: the least share in [0, 1) of what
    was kept that is asked for next, so that targets fall geometrically and not in one jump; however
    large it is, they fall by `CLOSE_ENOUGH`, so that the bracket closes.
    """
    good = min((a.target for a in asked if a.kept), default=highest)
    bad = max((a.target for a in asked if not a.kept and a.target < good), default=lowest)
    if bad <= 0 or good / bad < CLOSE_ENOUGH:
        return None
    return max(sqrt(good * bad), min(fall, 1 / CLOSE_ENOUGH) * good)
