"""How well a search's predictions have held: the order of losses, and errors by metric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgehone.search.history import Trial
from edgehone.search.plan import Plan
from edgehone.search.space import PRECISION
from edgehone.stats import spearman

SURE = 0.6
"""Rank correlation of predicted and found losses below which the sensitivities are guesses."""

LEAST = 4
"""Candidates from which on a search is judged by it."""

DROP = "accuracy_drop"


@dataclass(frozen=True)
class MetricError:
    """How far off one metric was predicted. mean: of |predicted / measured - 1|; within_5,
    within_10: shares in [0, 1] of the candidates that were off by at most 5 and 10 %.
    """

    metric: str
    candidates: int
    mean: float
    within_5: float
    within_10: float


@dataclass(frozen=True)
class Account:
    """What became of the predictions. candidates: those measured that something was predicted of;
    rank_correlation: Spearman's, of predicted losses and found drops in [-1, 1]; None: fewer than
    three, or all alike. ranked: of how many; where some were trained, the others, which differ from
    the model in precision alone, are left out: what training gains is no part of their drops.
    """

    candidates: int
    rank_correlation: float | None
    errors: tuple[MetricError, ...]
    ranked: int = 0

    @property
    def guessing(self) -> bool:
        """Whether the sensitivities say too little about which candidate loses more."""
        known = self.rank_correlation is not None and self.ranked >= LEAST
        return known and (self.rank_correlation or 0.0) < SURE


NO_ACCOUNT = Account(0, None, ())
"""Of a search that predicted nothing."""


def account_of(trials: Sequence[Trial]) -> Account:
    """The account of a search so far."""
    known = [trial for trial in trials if trial.predicted and not trial.lost]
    whole = next((trial.plan for trial in trials if trial.target is None), None)
    compared = [trial for trial in known if DROP in trial.metrics]
    trained = [trial for trial in compared if whole and _is_changed(trial.plan, whole)]
    dropped = [(trial.sums.loss, trial.metrics[DROP]) for trial in trained or compared]
    ranked = spearman(*zip(*dropped, strict=True)) if len(dropped) > 2 else None
    return Account(len(known), ranked, tuple(_errors(known)), len(dropped))


def _is_changed(plan: Plan, whole: Plan) -> bool:
    """Whether more than precisions differ."""
    names = {*plan.choices, *whole.choices} - {PRECISION}
    return any(plan.of(name) != whole.of(name) for name in names)


def _errors(trials: Sequence[Trial]) -> Iterator[MetricError]:
    metrics = dict.fromkeys(metric for trial in trials for metric in trial.predicted)
    for metric in metrics:
        pairs = [(t.predicted.get(metric), t.metrics.get(metric)) for t in trials]
        off = np.abs([guess / found - 1 for guess, found in pairs if guess and found])
        if metric != DROP and len(off):
            shares = (float((off <= most).mean()) for most in (0.05, 0.10))
            yield MetricError(metric, len(off), float(off.mean()), *shares)
