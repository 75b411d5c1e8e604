"""What a measured candidate teaches the search, and how it compares with the baseline."""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

from edgehone.budgets import Budget
from edgehone.decide.budget_metrics import METRICS, metric_of, reading
from edgehone.measure.protocol import failed
from edgehone.run.state import Entry, RunState
from edgehone.search.history import Goal, Proposal, Tables, Trial
from edgehone.stats import percentile, ratio_ci
from edgehone.values import Measurement


def baseline_trial(entry: Entry, tables: Tables, goal: Goal) -> Trial:
    """The uncompressed teacher in one precision, as a point that predictions are corrected by.

    In a precision that is not searched, and so has no prices, it teaches nothing about costs.
    """
    plan = tables.space.unchanged(entry.artifact.default_precision)
    sums = tables.totals(plan)
    metrics = _metrics(entry.measurement, goal)
    if sums.cost == 0:
        metrics.pop(tables.priced, None)
    return Trial(plan, sums, metrics)


def trial_of(
    state: RunState, proposal: Proposal, entries: Sequence[Entry], start: Measurement
) -> Trial | None:
    """What the search learns: values as they would be at the first batch's speed."""
    entry = next((e for e in entries if in_primary_format(state, e)), None)
    if entry is None:
        return None
    first = state.baselines[0].measurement
    drift = _p50(first) / _p50(start)
    metrics = {
        metric: value * drift if metric_of(metric).timed else value
        for metric, value in _metrics(entry.measurement, state.goal).items()
    }
    quality = _quality(entry.measurement, state.goal.budgets)
    return Trial(
        proposal.plan,
        proposal.sums,
        metrics,
        quality,
        proposal.target,
        predicted=proposal.predicted,
    )


def speedup(start: Measurement, other: Measurement) -> tuple[float, tuple[float, float]] | None:
    """How many times faster than the baseline of the same batch, block by block, with interval."""
    if start.latency is None or other.latency is None:
        return None
    blocks = zip(start.latency.blocks_ms, other.latency.blocks_ms, strict=False)
    return ratio_ci([(percentile(a, 50), percentile(b, 50)) for a, b in blocks])


def in_primary_format(state: RunState, entry: Entry) -> bool:
    """Whether the search looks at this entry: of the first format, and able to run."""
    return entry.artifact.format == state.primary and not failed(entry.measurement)


def _metrics(measurement: Measurement, goal: Goal) -> dict[str, float]:
    """Values by budget metric, quality over the validation split: the test split only decides."""
    names = dict.fromkeys([*METRICS, goal.metric, *(each.metric for each in goal.budgets)])
    seen = replace(measurement, accuracy=measurement.validation)
    values = {metric: reading(seen, metric).value for metric in names}
    return {metric: value for metric, value in values.items() if value is not None}


def _quality(measurement: Measurement, budgets: Sequence[Budget]) -> bool:
    """Whether the test split can be expected to confirm every quality budget.

    Judged on the validation split alone: its value, worsened by the half-width that an interval
    over as many samples as the test split has would show.
    """
    seen, final = measurement.validation, measurement.accuracy
    if seen is None or final is None:
        return not any(metric_of(budget.metric).quality for budget in budgets)
    shrink = sqrt(seen.n / final.n)
    for budget in budgets:
        if not metric_of(budget.metric).quality:
            continue
        found = reading(replace(measurement, accuracy=seen), budget.metric)
        if found.value is None:
            return False
        low, high = found.ci95 or (found.value, found.value)
        worse = found.value + shrink * (high - found.value)
        if budget.bound == "min":
            worse = found.value - shrink * (found.value - low)
        if (worse > budget.limit) if budget.bound == "max" else (worse < budget.limit):
            return False
    return True


def _p50(measurement: Measurement) -> float:
    if measurement.latency is None:
        return 1.0
    return percentile([s for block in measurement.latency.blocks_ms for s in block], 50)
