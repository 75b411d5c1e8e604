"""What a metric is: terms of each sample, averaged and combined, with bootstrap draws."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ConfigError

Array = NDArray[Any]
Scores = Callable[[Array, Array], Array]
"""(n, ...) targets, (n, ...) outputs -> numbers about them."""

DRAWS = 1000
WHOLE_DRAWS = 200
"""Bootstrap draws; fewer where every draw computes the metric anew."""


def _mean_of_scores(means: Array) -> Array:
    return np.asarray(means[..., 0])


@dataclass(frozen=True)
class Metric:
    """A number over (targets, outputs): `terms` (n, t) are averaged over the samples, then
    `combine`d, (..., t) -> (...).

    whole: what computes the metric of a set of samples, one number or (n,), where it is no such
    average, instead of terms. raw: outputs are given to it as they are (a user's function), not
    in the form of `TaskKind.scores`.
    """

    name: str
    higher_is_better: bool
    terms: Scores | None = None
    combine: Callable[[Array], Array] = _mean_of_scores
    whole: Scores | None = None
    raw: bool = False

    def per_sample(self, y: Array, outputs: Array) -> Array | None:
        """One score per sample (n,) whose mean is the value; None when there is no such score."""
        if self.terms is None:
            scores = self._whole(y, outputs)
            return scores if scores.shape == (len(y),) else None
        if self.combine is not _mean_of_scores:
            return None
        return np.asarray(self.terms(y, outputs)[:, 0])

    def value(self, y: Array, outputs: Array) -> float:
        """The metric over all samples."""
        if self.terms is None:
            return float(self._whole(y, outputs).mean())
        return float(self.combine(self.terms(y, outputs).mean(axis=0)))

    def draws(self, y: Array, outputs: Array, seed: int) -> Array:
        """The metric over bootstrap draws of the samples: (draws,). One seed, one set of draws,
        so that two models' draws on the same targets are paired.
        """
        rng = np.random.default_rng(seed)
        n = len(y)
        if self.terms is None:
            picks = (rng.integers(n, size=n) for _ in range(WHOLE_DRAWS))
            return np.array([self.value(y[pick], outputs[pick]) for pick in picks])
        terms = self.terms(y, outputs)
        found = [terms[rng.integers(n, size=n)].mean(axis=0) for _ in range(DRAWS)]
        return self.combine(np.array(found))

    def _whole(self, y: Array, outputs: Array) -> Array:
        if self.whole is None:
            raise ConfigError(
                f"Metric {self.name!r} has nothing that computes it.", "Give it terms, or whole."
            )
        return np.asarray(self.whole(y, outputs))


def by_name(*metrics: Metric) -> dict[str, Metric]:
    """Metrics under their names; the first is the default of its kind of task."""
    return {metric.name: metric for metric in metrics}


def averaged(values: Array) -> Array:
    """(n, k) scores -> (n, 1): the mean over the positions of each sample."""
    return np.asarray(values.mean(axis=1, keepdims=True))
