"""What metrics of ranked samples share: one number for each class, averaged."""

from collections.abc import Callable

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks.kinds import TaskKind
from edgehone.tasks.metrics._classes import ranked, same_scores
from edgehone.tasks.scoring import Metric

Score = Callable[[Array, Array], float]
"""Truth (n,) and scores (n,) -> a number, NaN where it is not defined."""


def averaged(name: str, kind: TaskKind, score: Score, needs: str) -> Metric:
    """A metric whose value is the mean over the classes, or labels, for which it is defined."""

    def whole(y: Array, outputs: Array) -> Array:
        truth, scores = ranked(kind, y, outputs)
        each = np.array([score(truth[:, k], scores[:, k]) for k in range(truth.shape[1])])
        known = each[~np.isnan(each)]
        return np.asarray(known.mean() if known.size else np.nan)

    return Metric(
        name,
        higher_is_better=True,
        whole=whole,
        constants=lambda y, outputs: same_scores(kind, y, outputs),
        needs=needs,
        trials=lambda y: rarest(y, kind),
    )


def rarest(y: Array, kind: TaskKind) -> int:
    """The samples of the rarest class or label that occurs: no more tell how well it is ranked."""
    truth = y.reshape(len(y), -1) if kind.FORM == "labels" else y.reshape(-1, 1)
    counts = [count for each in truth.T for count in np.unique(each, return_counts=True)[1]]
    return int(min(counts))
