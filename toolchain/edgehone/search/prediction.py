"""What is predicted of a plan from what was measured of others, and the limits that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from edgehone.decide.budget_metrics import METRICS, metric_of
from edgehone.search.correction import Line, fit, fit_ratio
from edgehone.search.history import Goal, Tables, Trial
from edgehone.search.sums import Limits, Totals

BASELINE_WEIGHT = 0.2
"""How much an uncompressed baseline counts beside a candidate when predictions are corrected: it is
far from where the search goes."""

HEADROOM = 0.97
"""Share of a limit that is asked for, so that noise does not tip a candidate over it."""


def axes_of(tables: Tables, goal: Goal) -> Mapping[str, str]:
    """Metrics that follow from a plan alone, and which of its sums stands for each: those that the
    space tells apart, and of metrics that stand for the layers' cost the one that was measured.
    """
    names = dict.fromkeys([*METRICS, goal.metric, *(each.metric for each in goal.budgets)])
    sums = {name: metric_of(name).SEARCH_SUM for name in names}
    return {
        name: what
        for name, what in sums.items()
        if what in tables.space.sums and (what != "cost" or name == tables.priced)
    }


def followed(metric: str, axes: Mapping[str, str]) -> str:
    """The axis that a metric is held by: itself, or the one it is in proportion to; "": none."""
    if metric in axes:
        return metric
    base = metric_of(metric).PROPORTIONAL_TO
    return base if base in axes else ""


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
    """Corrected predictions by metric. accuracy_drop only once a trial showed how loss appears."""
    found = {metric: lines[metric].forward(getattr(sums, name)) for metric, name in axes.items()}
    ratio = drop_by_loss(trials)
    if ratio is not None:
        found["accuracy_drop"] = ratio * sums.loss
    return found


def drop_by_loss(trials: Sequence[Trial]) -> float | None:
    """How much accuracy a unit of summed loss has cost the candidates, at least 0; None: there is
    none. Least squares through the origin, so that those that lost much count for more than those
    whose drop is chance; baselines were not trained again and say nothing of it.
    """
    known = [
        (t.sums.loss, t.metrics["accuracy_drop"])
        for t in trials
        if t.target is not None and "accuracy_drop" in t.metrics and t.sums.loss > 0
    ]
    if not known:
        return None
    return max(sum(loss * drop for loss, drop in known) / sum(loss**2 for loss, _ in known), 0.0)


def limits_of(
    goal: Goal,
    trials: Sequence[Trial],
    lines: Mapping[str, Line],
    asked: Mapping[str, float],
    axes: Mapping[str, str],
) -> Limits:
    """Limits on a plan's sums that keep the budgets, as corrected, and what is asked beside them.

    asked: most of an axis metric that is wanted, in measured units.
    """
    wanted = {metric: float("inf") for metric in axes} | dict(asked)
    for budget in goal.budgets:
        metric = followed(budget.metric, axes)
        if budget.bound != "max" or not metric:
            continue
        ratio = _ratio(trials, budget.metric, metric)
        wanted[metric] = min(wanted[metric], budget.limit * HEADROOM / ratio)
    limits = Limits()
    for metric, value in wanted.items():
        if isfinite(value):
            most = min(lines[metric].backward(value), getattr(limits, axes[metric]))
            limits = replace(limits, **{axes[metric]: most})
    return limits


def _ratio(trials: Sequence[Trial], metric: str, base: str) -> float:
    if metric == base:
        return 1.0
    known = [t.metrics for t in trials if metric in t.metrics and base in t.metrics]
    return fit_ratio([m[base] for m in known], [m[metric] for m in known]) or 1.0
