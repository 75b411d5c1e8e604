"""What scores are worth that rank samples of two kinds: ROC and precision over recall."""

from typing import NamedTuple

import numpy as np

from edgehone.system.numbers import Array


class Steps(NamedTuple):
    """For each distinct score, highest first: how many samples of either kind reach it, (s,)."""

    hits: Array
    false: Array

    @property
    def positives(self) -> float:
        """How many samples are there to find."""
        return float(self.hits[-1])

    @property
    def negatives(self) -> float:
        """How many samples are not to be found."""
        return float(self.false[-1])

    @property
    def both(self) -> bool:
        """Whether samples of both kinds occur: a ROC curve needs them."""
        return self.positives > 0 and self.negatives > 0

    @property
    def rates(self) -> tuple[Array, Array]:
        """False and true positive rates, (s + 1,) each, from (0, 0) to (1, 1)."""
        false, true = self.false / max(self.negatives, 1), self.hits / max(self.positives, 1)
        return np.append(0.0, false), np.append(0.0, true)


def steps(truth: Array, scores: Array) -> Steps:
    """What each threshold finds. truth: (n,) 0 or 1; scores: (n,). Equal scores are one step, and
    a score that is not a number is the worst that it can be.
    """
    wanted = np.asarray(truth) > 0
    values = np.asarray(scores, np.float64)
    values = np.where(np.isfinite(values), values, np.where(wanted, -np.inf, np.inf))
    order = np.argsort(-values, kind="stable")
    ranked, found = values[order], wanted[order]
    last = np.append(ranked[1:] != ranked[:-1], True)
    hits = np.cumsum(found)[last]
    return Steps(hits, np.flatnonzero(last) + 1 - hits)


def curve(truth: Array, scores: Array) -> tuple[Array, Array]:
    """The ROC curve: false and true positive rates, (s + 1,) each, from (0, 0) to (1, 1)."""
    return steps(truth, scores).rates


def auc(truth: Array, scores: Array) -> float:
    """Area under the ROC curve, in [0, 1]; NaN where one kind of sample is absent."""
    found = steps(truth, scores)
    if not found.both:
        return float("nan")
    rising, width = np.append(0.0, found.hits), np.diff(found.false, prepend=0.0)
    area = np.sum(width * (rising[1:] + rising[:-1]) / 2)
    return float(area / (found.positives * found.negatives))


def partial_auc(truth: Array, scores: Array, max_fpr: float) -> float:
    """Area under the ROC curve up to a false positive rate, scaled so that chance has 0.5 and the
    best score 1; NaN where one kind of sample is absent. McClish 1989.
    """
    found = steps(truth, scores)
    if not found.both:
        return float("nan")
    false, true = found.rates
    inside = false <= max_fpr
    end = np.interp(max_fpr, false[_last_of_each(false)], true[_last_of_each(false)])
    x, y = np.append(false[inside], max_fpr), np.append(true[inside], end)
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    least, most = max_fpr**2 / 2, max_fpr
    return 0.5 * (1 + (area - least) / (most - least))


def _last_of_each(values: Array) -> Array:
    """Where the last of each run of equal values is."""
    return np.append(values[1:] != values[:-1], True)


def average_precision(truth: Array, scores: Array) -> float:
    """Sum of (R_i - R_(i-1)) P_i over the distinct scores, highest first; NaN where there is
    nothing to find.
    """
    found = steps(truth, scores)
    if not found.positives:
        return float("nan")
    precision = found.hits / (found.hits + found.false)
    return float(np.sum(np.diff(found.hits, prepend=0) * precision) / found.positives)


def precision_at_recall(truth: Array, scores: Array, recall: float) -> float:
    """The highest precision of a threshold that finds at least this share of what there is to
    find; NaN where there is nothing to find.
    """
    found = steps(truth, scores)
    if not found.positives:
        return float("nan")
    enough = found.hits >= recall * found.positives - 1e-9
    return float((found.hits / (found.hits + found.false))[enough].max())
