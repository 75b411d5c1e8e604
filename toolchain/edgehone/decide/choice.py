"""Which decision is chosen, and which budgets keep all of them from passing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgehone.budgets import Budget, Check, Decision
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import keeps
from edgehone.values import Measurement


@dataclass(frozen=True)
class Objective:
    """What the best candidate has most, or least, of."""

    metric: str
    minimize: bool = True


@dataclass(frozen=True)
class Binding:
    """A budget that stops candidates, and the best value any of them reached."""

    metric: str
    bound: Literal["max", "min"]
    limit: float
    best: float | None


def better(first: Measurement, second: Measurement, objective: Objective) -> bool:
    """Whether `first` has strictly more (or less) of what the objective asks for.

    A known value is better than an unknown one. Accuracy means quality: of a metric such as mae,
    the lower value is the higher accuracy.
    """
    left, right = _worth(first, objective), _worth(second, objective)
    if left is None or right is None:
        return left is not None and right is None
    return left > right


def choose(decisions: Sequence[Decision], objective: Objective) -> int | None:
    """Index of the best passing decision, the first among equals; None when nothing passes."""
    chosen: int | None = None
    for index, decision in enumerate(decisions):
        if decision.outcome != "pass" or _worth(decision.measurement, objective) is None:
            continue
        if chosen is None or better(decision.measurement, decisions[chosen].measurement, objective):
            chosen = index
    return chosen


def choose_unproven(decisions: Sequence[Decision], objective: Objective) -> int | None:
    """Index of the best decision that no check fails and some leave open; None when there is none.

    Those whose values all keep their limits come first, then the better by the objective.
    """
    opened = [index for index, each in enumerate(decisions) if each.outcome == "inconclusive"]
    if not opened:
        return None
    likely = [index for index in opened if _seems_kept(decisions[index])]
    chosen, *others = likely or opened
    for index in others:
        if better(decisions[index].measurement, decisions[chosen].measurement, objective):
            chosen = index
    return chosen


def _seems_kept(decision: Decision) -> bool:
    """Whether every value that is known keeps its limit, whatever its interval says."""
    return all(
        keeps(found.value, Budget(found.metric, found.bound, found.limit))
        for found in decision.checks
        if found.value is not None
    )


def binding(decisions: Sequence[Decision]) -> tuple[Binding, ...]:
    """The budgets that keep every decision from passing; () when one passes.

    Those that no decision keeps; if each is kept by some but never all at once, those missed by
    the decision that misses fewest. What is missed counts where every decision misses something,
    what is left open as well where some decision misses nothing.
    """
    if not decisions or any(decision.outcome == "pass" for decision in decisions):
        return ()
    failing = all(decision.outcome == "fail" for decision in decisions)
    stops = ("fail",) if failing else ("fail", "inconclusive")
    missed = [{_limit(c) for c in d.checks if c.verdict in stops} for d in decisions]
    stopping = set.intersection(*missed) or min(missed, key=len)
    ordered = dict.fromkeys(_limit(c) for d in decisions for c in d.checks)
    return tuple(Binding(*limit, _best(decisions, limit)) for limit in ordered if limit in stopping)


_Limit = tuple[str, Literal["max", "min"], float]


def _limit(found: Check) -> _Limit:
    return found.metric, found.bound, found.limit


def _best(decisions: Sequence[Decision], limit: _Limit) -> float | None:
    values = [
        c.value for d in decisions for c in d.checks if _limit(c) == limit and c.value is not None
    ]
    if not values:
        return None
    return min(values) if limit[1] == "max" else max(values)


def _worth(measurement: Measurement, objective: Objective) -> float | None:
    """A number that is higher for the better measurement; None when it is not known."""
    value = metric_of(objective.metric).read(measurement).value
    if value is None:
        return None
    upside_down = (
        metric_of(objective.metric).RISES is None
        and measurement.accuracy is not None
        and not measurement.accuracy.higher_is_better
    )
    return -value if objective.minimize != upside_down else value
