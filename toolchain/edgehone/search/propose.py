"""The next candidate to build: history in, a plan with its predictions out, or why to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

from edgehone.precisions import leading
from edgehone.search.allocate import Cost, Limits, Losses, Totals, allocate, totals, uniform
from edgehone.search.bracket import Asked, next_target
from edgehone.search.correction import Line, fit, fit_ratio
from edgehone.search.space import Plan, Space
from edgehone.values import Budget

WEIGHED: Mapping[str, str] = {"size_bytes": "size_bytes", "peak_memory_bytes": "memory_bytes"}
"""Metrics that follow from a plan alone, and which of the program's sums stands for each."""

PROPORTIONAL: Mapping[str, str] = {
    "latency_p90_ms": "latency_p50_ms",
    "latency_p99_ms": "latency_p50_ms",
    "cold_ms": "latency_p50_ms",
    "compressed_bytes": "size_bytes",
}
"""Metrics held through another one by their measured ratio."""

QUALITY = ("accuracy", "accuracy_drop", "agreement")
"""Metrics that training decides, not the sums of the program."""

BASELINE_WEIGHT = 0.2
"""How much an uncompressed baseline counts beside a candidate when predictions are corrected: it is
far from where the search goes."""

HEADROOM = 0.97
"""Share of a limit that is asked for, so that noise does not tip a candidate over it."""


@dataclass(frozen=True)
class Trial:
    """One plan that was built and measured. metrics: measured values by budget metric.

    sums: what the plan's layers add up to, uncorrected. quality: whether every quality budget was
    kept on the validation split. target: what the objective was asked to be, None for baselines.
    """

    plan: Plan
    sums: Totals
    metrics: Mapping[str, float]
    quality: bool = True
    target: float | None = None


@dataclass(frozen=True)
class Wishes:
    """The objective (a metric and whether to minimise it) and the budgets of one device."""

    metric: str
    minimize: bool
    budgets: tuple[Budget, ...]


@dataclass(frozen=True)
class Proposal:
    """A plan, what it was asked for, and what is predicted for it by metric."""

    plan: Plan
    sums: Totals
    target: float
    predicted: Mapping[str, float]


@dataclass(frozen=True)
class Stop:
    """Why there is nothing more to propose."""

    reason: str


@dataclass(frozen=True)
class Tables:
    """What the search knows about a model before any candidate is built.

    priced: the metric that `cost` gives the layers' shares of.
    """

    space: Space
    losses: Losses
    cost: Cost = field(repr=False)
    priced: str = "latency_p50_ms"

    @property
    def axes(self) -> Mapping[str, str]:
        """Metrics the integer program knows, and which of its sums stands for each."""
        return {self.priced: "cost", **WEIGHED}


def propose(tables: Tables, trials: Sequence[Trial], wishes: Wishes) -> Proposal | Stop:
    """The next plan: least predicted loss within the corrected budgets and the target.

    Minimising: the target is a value of the objective, bisected between what kept the quality
    budgets and what did not. Maximising accuracy: the budgets alone are the limits, corrected
    after every round.
    """
    lines = corrections(trials, tables.axes)
    axis = _axis(wishes, tables.axes)
    if axis is None:
        found = _solve(tables, trials, wishes, lines, {}, target=0.0)
        if _built(found, trials) is not None:
            return Stop("the best plan has been built and measured already")
        return found
    lowest, highest = _range(tables, trials, axis, lines)
    asked = [Asked(t.target, t.quality) for t in trials if t.target is not None]
    while (target := next_target(asked, lowest, highest)) is not None:
        found = _solve(tables, trials, wishes, lines, {axis: target}, target=target)
        known = _built(found, trials)
        if known is None:
            return found
        # What was built already answers this question too; ask the next one.
        asked.append(Asked(target, known.quality))
    return Stop("the objective cannot be brought down further within the budgets")


def corrections(trials: Sequence[Trial], axes: Mapping[str, str]) -> Mapping[str, Line]:
    """One line per axis metric from the sums to the measured values of all trials."""
    found = {}
    for metric, name in axes.items():
        known = [t for t in trials if metric in t.metrics]
        sums = [getattr(t.sums, name) for t in known]
        weights = [1.0 if t.target is not None else BASELINE_WEIGHT for t in known]
        found[metric] = fit(sums, [t.metrics[metric] for t in known], weights)
    return found


def predict(
    sums: Totals, trials: Sequence[Trial], lines: Mapping[str, Line], axes: Mapping[str, str]
) -> Mapping[str, float]:
    """Corrected predictions by metric. accuracy_drop only once a trial taught how loss shows."""
    found = {metric: lines[metric].forward(getattr(sums, name)) for metric, name in axes.items()}
    taught = [t for t in trials if "accuracy_drop" in t.metrics and t.sums.loss > 0]
    ratio = fit_ratio([t.sums.loss for t in taught], [t.metrics["accuracy_drop"] for t in taught])
    if ratio is not None:
        found["accuracy_drop"] = ratio * sums.loss
    return found


def _axis(wishes: Wishes, axes: Mapping[str, str]) -> str | None:
    metric = PROPORTIONAL.get(wishes.metric, wishes.metric)
    return metric if wishes.minimize and metric in axes else None


def _solve(
    tables: Tables,
    trials: Sequence[Trial],
    wishes: Wishes,
    lines: Mapping[str, Line],
    asked: Mapping[str, float],
    *,
    target: float,
) -> Proposal | Stop:
    limits = _limits(wishes, trials, lines, asked, tables.axes)
    found = [
        (totals(tables.space, tables.losses, tables.cost, plan), plan)
        for default in _defaults(tables.space)
        if (plan := allocate(tables.space, tables.losses, tables.cost, limits, default=default))
    ]
    if not found:
        return Stop("no choice of channels, ranks and precisions is within the budgets")
    sums, plan = min(found, key=lambda pair: (pair[0].loss, pair[0].cost))
    return Proposal(plan, sums, target, predict(sums, trials, lines, tables.axes))


def _built(found: Proposal | Stop, trials: Sequence[Trial]) -> Trial | None:
    """The earlier trial of the plan that was found."""
    if isinstance(found, Stop):
        return None
    return next((t for t in trials if t.target is not None and t.plan == found.plan), None)


def _defaults(space: Space) -> list[str]:
    return [precision for precision in space.precisions if precision in leading()]


def _limits(
    wishes: Wishes,
    trials: Sequence[Trial],
    lines: Mapping[str, Line],
    asked: Mapping[str, float],
    axes: Mapping[str, str],
) -> Limits:
    wanted = {metric: float("inf") for metric in axes} | dict(asked)
    for budget in wishes.budgets:
        metric = PROPORTIONAL.get(budget.metric, budget.metric)
        if budget.bound != "max" or metric not in axes:
            continue
        ratio = _ratio(trials, budget.metric, metric)
        wanted[metric] = min(wanted[metric], budget.limit * HEADROOM / ratio)
    limits = Limits()
    for metric, value in wanted.items():
        if isfinite(value):
            limits = replace(limits, **{axes[metric]: lines[metric].backward(value)})
    return limits


def _ratio(trials: Sequence[Trial], metric: str, base: str) -> float:
    if metric == base:
        return 1.0
    known = [t.metrics for t in trials if metric in t.metrics and base in t.metrics]
    return fit_ratio([m[base] for m in known], [m[metric] for m in known]) or 1.0


def _range(
    tables: Tables, trials: Sequence[Trial], axis: str, lines: Mapping[str, Line]
) -> tuple[float, float]:
    """Least and largest values of the objective worth asking for, in measured units.

    Largest: the best that was measured without pruning, or what is predicted of it. Least: every
    group at its fewest channels, in whichever precision sums lowest.
    """
    name = tables.axes[axis]
    kept = {group.name: min(group.options) for group in tables.space.groups}
    sums = []
    for default in _defaults(tables.space):
        layers = {layer.name: default for layer in tables.space.layers}
        plan = Plan(kept, dict.fromkeys(layers, 0), layers, default)
        sums.append(getattr(totals(tables.space, tables.losses, tables.cost, plan), name))
    known = [t.metrics[axis] for t in trials if axis in t.metrics and t.target is None]
    plans = [uniform(tables.space, default) for default in _defaults(tables.space)]
    whole = [getattr(totals(tables.space, tables.losses, tables.cost, p), name) for p in plans]
    highest = min(known or [lines[axis].forward(total) for total in whole])
    lowest = max(lines[axis].forward(min(sums)), 0.02 * highest)
    return min(lowest, highest), highest
