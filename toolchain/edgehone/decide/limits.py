"""Which limits a budget may have: those that some file keeps and another one misses. Pure."""

import math
from collections.abc import Sequence

from edgehone import units
from edgehone.budgets import Budget
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.metrics._base import LEAST, Range
from edgehone.errors import ConfigError
from edgehone.system.settings import BUDGET

Complaint = tuple[str, str]
"""What is wrong with a budget, and what to write instead."""

PERCENT = ("%", "point", "points")
"""Units that fractions alone have."""

FINEST = 1e-4
"""A hundredth of a percent: no limit on a fraction lies nearer to its end."""

ANY = 1e30
"""Beyond what a metric without bounds can be."""

LIMITED = "Write the least or the most that is enough."


SHARE = Range(
    FINEST,
    1 - FINEST,
    0,
    1,
    "accuracy lies between 0 and 100 %",
    'Write the least that is enough, such as min = "90 %", or what may be lost: '
    'metric = "accuracy_drop", max = "1 point".',
)
DROP = Range(
    FINEST - 1,
    1 - FINEST,
    -1,
    1,
    "accuracy cannot fall or rise by more than 100 points",
    'Write max = "1 point", or max = 0.01.',
)
ERRORS = ("mae", "mse", "rmse")
"""Scores that are 0 at best, and as large as you like."""


def require_limits(budgets: Sequence[Budget], scored: str | None, origin: str = "") -> None:
    """Refuse budgets that nothing can miss, or nothing can keep: ConfigError.

    scored: the task's metric, which says what accuracy is; None: it is not known, and budgets on
    accuracy are not looked at. origin: the file they are from.
    """
    where = f"{origin}: " if origin else ""
    for budget in budgets:
        if found := complaint(budget, scored):
            raise ConfigError(where + found[0], found[1])
    if found := contradiction(budgets):
        raise ConfigError(where + found[0], found[1])


def complaint(budget: Budget, scored: str | None) -> Complaint | None:
    """What is wrong with a budget; None where its limit is one."""
    if budget.relative_to:
        return None  # the file says the ratio as a change, which was looked at when it was read
    about_task = budget.metric in ("accuracy", "accuracy_drop")
    if about_task and scored is None:
        return None
    metric = scored or "accuracy"
    return (
        _percent_of_no_fraction(budget, metric)
        or _lacks_unit(budget, metric)
        or _pointless(budget, metric)
    )


def _percent_of_no_fraction(budget: Budget, scored: str) -> Complaint | None:
    """Percent or points of a score that has neither, such as mae."""
    unit = budget.written.strip().lstrip("+-.0123456789eE").strip()
    if unit not in PERCENT or units.kind_of(budget.metric, scored) != "plain":
        return None
    return (
        f"The budget on {budget.metric} has the limit {budget.written!r}, but {scored} is not a "
        "fraction and has no percent.",
        f"Write {budget.bound} as a number in the unit of {scored}, without quotation marks; "
        f"{budget.limit:g} if that is what you mean.",
    )


def _lacks_unit(budget: Budget, scored: str) -> Complaint | None:
    """A limit on a fraction that is none, such as 95 for 95 %."""
    kind = units.kind_of(budget.metric, scored)
    most = {"share": 1.0, "difference": math.nextafter(1.0, 0.0)}.get(kind)
    if most is None or abs(budget.limit) <= most or budget.written:
        return None
    usual = budget.limit / 100
    text, meant = (units.quantity(budget.metric, limit) for limit in (budget.limit, usual))
    return (
        f"The budget on {budget.metric} lacks its unit: {budget.bound} = {budget.limit:g} "
        f"stands for {text}.",
        f'Write {budget.bound} = {usual:g}, or with the unit: {budget.bound} = "{meant}".',
    )


def _pointless(budget: Budget, scored: str) -> Complaint | None:
    found, limit = _range(budget.metric, scored), budget.limit
    if budget.bound == "max":
        never_missed, never_kept = limit >= found.most, limit < found.lowest
    else:
        never_missed, never_kept = limit <= found.least, limit > found.highest
    if not (never_missed or never_kept):
        return None
    fault = "cannot be missed" if never_missed else "cannot be kept"
    shown = f'"{budget.written}"' if budget.written else f"{limit:g}"
    return (
        f"The budget on {budget.metric} {fault}: {budget.bound} = {shown}, and {found.phrase}.",
        found.better,
    )


def _range(metric: str, scored: str) -> Range:
    """Between what a metric lies, given the task's."""
    named = metric_of(metric)
    if named.RANGE is not None:
        return named.RANGE
    if not named.quality:
        return Range(-ANY, ANY, -ANY, ANY, f"no {metric} is so large", LIMITED)
    kind, free = units.kind_of(metric, scored), f"no {scored} is so large"
    if metric == "accuracy_drop":
        lost = "Write the most that may be lost, such as max = 0.1."
        return DROP if kind == "difference" else Range(-ANY, ANY, -ANY, ANY, free, lost)
    if kind == "share":
        return SHARE
    if scored in ERRORS:
        better = f"The lower {scored}, the better: write the most that is allowed as max."
        return Range(0, ANY, 0, ANY, f"{scored} is above 0", better)
    if scored == "r2":
        return Range(-ANY, 1, -ANY, 1, "r2 is 1 at most", LEAST.format("0.9").replace('"', ""))
    return Range(-ANY, ANY, -ANY, ANY, free, LIMITED)


def contradiction(budgets: Sequence[Budget]) -> Complaint | None:
    """Two budgets on the same, or a min above a max that holds for the same device."""
    found: dict[tuple[_Subject, str, str], tuple[int, Budget]] = {}
    for number, budget in enumerate(budgets, 1):
        key = (_subject(budget), budget.bound, budget.device)
        if key in found:
            return _twice(found[key], (number, budget))
        found[key] = (number, budget)
    for (subject, bound, device), each in found.items():
        opposite = "min" if bound == "max" else "max"
        for place in {device, ""}:
            other = found.get((subject, opposite, place))
            if other and bound == "max" and other[1].limit > each[1].limit:
                return _crossed(other, each)
            if other and bound == "min" and each[1].limit > other[1].limit:
                return _crossed(each, other)
    return None


_Subject = tuple[str, str, bool, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _subject(budget: Budget) -> _Subject:
    """What a budget is about. An advisory budget may stand beside a required one."""
    names = (budget.allowed, budget.banned, budget.classes)
    return budget.metric, budget.relative_to, budget.required, *names


def _twice(first: tuple[int, Budget], second: tuple[int, Budget]) -> Complaint:
    (one, budget), (two, other) = first, second
    where = f" on {budget.device!r}" if budget.device else ""
    limits = f"{budget.limit:g} and {other.limit:g}"
    return (
        f"{BUDGET} {one} and {two} both set a {budget.bound} for {budget.metric}{where}: {limits}.",
        "Keep the one that is meant.",
    )


def _crossed(least: tuple[int, Budget], most: tuple[int, Budget]) -> Complaint:
    (one, lower), (two, upper) = least, most
    device = lower.device or upper.device
    where = f" on {device!r}" if device else ""
    return (
        f"Nothing can keep both {BUDGET} {one} and {two}: {lower.metric}{where} is to be at "
        f"least {lower.limit:g} and at most {upper.limit:g}.",
        "Correct one of them, or leave it out.",
    )
