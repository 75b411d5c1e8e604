"""A value as a share of the baseline's: what a relative budget limits. Pure."""

from dataclasses import replace
from statistics import median

from edgehone.budgets import Budget
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.metrics._base import Reading
from edgehone.decide.timing import block_values
from edgehone.values import Measurement

NO_BASELINE = "there is no baseline to compare with"
APART = "the baseline was not measured together with it, block by block"


def relative(budget: Budget, measurement: Measurement, baseline: Measurement | None) -> Reading:
    """The ratio value / baseline of a relative budget; exact where both are exact.

    Of times, each block's percentile is divided by that of the baseline's block of the same round,
    so that what disturbs both cancels; the ratios are the reading's blocks. Without a baseline, or
    with blocks that are no pairs, there is no value. A file of the baseline's content is its equal.
    """
    if baseline is None:
        return Reading(None, reason=NO_BASELINE)
    metric = metric_of(budget.metric)
    if measurement.artifact.sha256 == baseline.artifact.sha256 and told_by_content(budget):
        return Reading(1.0, exact=True)  # the same file, whatever the clock says of it
    found = metric.read_for(budget, measurement, baseline)
    base = metric.read_for(budget, baseline, baseline)
    if metric.NAMES or found.value is None:  # things with names are counted, not divided
        return found
    if base.value is None:
        return Reading(None, reason=f"the baseline has no {budget.metric}: {base.reason}")
    if base.value <= 0:
        return Reading(None, reason=f"the baseline's {budget.metric} is {base.value:g}")
    if found.exact and base.exact:
        return replace(found, value=found.value / base.value)
    return _of_blocks(found, base)


def told_by_content(budget: Budget) -> bool:
    """Whether equal files need no measurement: their ratio is 1, whatever it is a ratio of."""
    return bool(budget.relative_to) and not metric_of(budget.metric).NAMES


def _of_blocks(found: Reading, base: Reading) -> Reading:
    ours = block_values(found.blocks, found.percent)
    candidate_name = block_values(base.blocks, base.percent)
    if not ours.size or ours.size != candidate_name.size or not (candidate_name > 0).all():
        return Reading(None, reason=APART)
    ratios = tuple((float(each),) for each in ours / candidate_name)
    values = [ratio for (ratio,) in ratios]
    return Reading(median(values), blocks=ratios, extremes=(min(values), max(values)))


def baseline_value(budget: Budget, baseline: Measurement | None) -> float | None:
    """What the limit is relative to; None where it is relative to nothing, or not known."""
    if not budget.relative_to or baseline is None or metric_of(budget.metric).NAMES:
        return None
    return metric_of(budget.metric).read_for(budget, baseline, baseline).value
