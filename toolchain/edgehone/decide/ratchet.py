"""Budgets tightened to what was measured plus a margin; never loosened. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from edgehone import units
from edgehone.budgets import Budget, Check
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.limits import complaint

DIGITS = 4
"""Significant digits of a new limit, rounded to the side of the old one."""

WORTH = 1e-3
"""Share of a limit that a change has to be worth: less than a unit's rounding may take."""


@dataclass(frozen=True)
class Tightened:
    """A budget, its new limit, and the measured value that this is a margin away from."""

    budget: Budget
    limit: float
    measured: float


def tightened(
    budgets: Sequence[Budget], checks: Sequence[Check], margin: float, scored: str = "accuracy"
) -> list[Tightened]:
    """The budgets that may be tightened: those whose checks all pass, and by more than the margin.

    margin: of sizes, times and counts a share of the value; of accuracy and other shares a
    difference, 0.02 being 2 points. The end of the 95 % interval counts where there is one, and
    the worst of all files and devices. Relative budgets move with their baseline and are left.
    """
    found = []
    for budget in budgets:
        own = [each for each in checks if each.budget == budget]
        if budget.relative_to or not own or any(each.verdict != "pass" for each in own):
            continue
        worst = _worst(budget, own)
        if worst is None:
            continue
        limit = _limit(budget, worst, margin, scored)
        least = WORTH * abs(budget.limit)
        gained = budget.limit - limit if budget.bound == "max" else limit - budget.limit
        if gained > least and complaint(_with(budget, limit), scored) is None:
            found.append(Tightened(budget, limit, worst))
    return found


def _with(budget: Budget, limit: float) -> Budget:
    return Budget(budget.metric, budget.bound, limit, budget.device)


def _worst(budget: Budget, checks: Sequence[Check]) -> float | None:
    """The end of all intervals that is nearest to the limit; None where a value is missing."""
    ends = [_end(budget, each) for each in checks]
    known = [each for each in ends if each is not None and isfinite(each)]
    if len(known) != len(ends):
        return None
    return max(known) if budget.bound == "max" else min(known)


def _end(budget: Budget, check: Check) -> float | None:
    if check.ci95 is None or check.value is None:
        return check.value
    return max(*check.ci95, check.value) if budget.bound == "max" else min(*check.ci95, check.value)


def _limit(budget: Budget, worst: float, margin: float, scored: str) -> float:
    """The measured value and the margin, rounded away from it."""
    away = 1 if budget.bound == "max" else -1
    kind = units.kind_of(budget.metric, scored)
    room = margin if kind in ("share", "difference") else margin * abs(worst)
    return rounded(worst + away * room, up=away > 0, whole=_is_whole(budget))


def _is_whole(budget: Budget) -> bool:
    return metric_of(budget.metric).UNIT in ("bytes", "count")


def rounded(value: float, *, up: bool, whole: bool = False) -> float:
    """To DIGITS significant digits, or to a whole number that has more; upwards or downwards."""
    if not value:
        return value
    place = floor(log10(abs(value))) - DIGITS + 1
    if whole:
        place = max(place, 0)
    step = 10.0**place
    count = value / step
    turned = ceil(round(count, 9)) if up else floor(round(count, 9))
    found = float(f"{turned * step:.12g}")
    if (found < value) if up else (found > value):  # by what a float64 cannot hold
        found = float(f"{(turned + (1 if up else -1)) * step:.12g}")
    return found
