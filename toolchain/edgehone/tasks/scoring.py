"""What a metric is: terms of each sample, averaged and combined, with bootstrap draws."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ConfigError, DataError
from edgehone.system.settings import METRIC
from edgehone.tasks.classes import Constant
from edgehone.units import is_share

Array = NDArray[Any]
Scores = Callable[[Array, Array], Array]
"""(n, ...) targets, (n, ...) outputs -> numbers about them."""

DRAWS = 1000
WHOLE_DRAWS = 200
"""Bootstrap draws; fewer where every draw computes the metric anew."""

AT_ONCE = 50
"""Draws of which the means are computed by one product of matrices."""


def _mean_of_scores(means: Array) -> Array:
    return np.asarray(means[..., 0])


@dataclass(frozen=True)
class Metric:
    """A number over (targets, outputs): `terms` (n, t) are averaged over the samples, then
    `combine`d, (..., t) -> (...).

    whole: what computes the metric of a set of samples, one number or (n,), where it is no such
    average, instead of terms; NaN where a set does not have what it takes. raw: outputs are given
    to it as they are (a user's function), not in the form of `TaskKind.scores`. constants: answers
    that never look at a sample, the best by this metric among them; None: `TaskKind.constants`.
    needs: what a set of samples must have for the metric to be defined, in words. prepared: what
    `whole` gets instead of targets and outputs, sample by sample, computed once for all draws.
    trials: of targets, how many samples a perfect score of a metric in [0, 1] rests on; None: all.
    """

    name: str
    higher_is_better: bool
    terms: Scores | None = None
    combine: Callable[[Array], Array] = _mean_of_scores
    whole: Scores | None = None
    raw: bool = False
    constants: Callable[[Array, Array], Iterable[Constant]] | None = None
    needs: str = ""
    prepared: Callable[[Array, Array], tuple[Array, Array]] | None = None
    trials: Callable[[Array], int] | None = None

    @property
    def bounded(self) -> bool:
        """Whether its values are in [0, 1], where draws of a perfect score are all perfect."""
        return self.trials is not None or is_share(self.name)

    def per_sample(self, y: Array, outputs: Array) -> Array | None:
        """One score per sample (n,) whose mean is the value; None when there is no such score."""
        if self.terms is None:
            scores = self._whole(y, outputs)
            return scores if scores.shape == (len(y),) else None
        if self.combine is not _mean_of_scores:
            return None
        return np.asarray(self.terms(y, outputs)[:, 0])

    def value(self, y: Array, outputs: Array) -> float:
        """The metric over all samples. Raises DataError where it is not defined on them."""
        found = self._value(y, outputs)
        if self.needs and np.isnan(found):
            raise DataError(
                f"Metric {self.name!r} is not defined on these {len(y)} samples: it needs "
                f"{self.needs}.",
                f"Give more samples, or set {METRIC} to another.",
            )
        return found

    def _value(self, y: Array, outputs: Array) -> float:
        if self.terms is None:
            return float(self._whole(y, outputs).mean())
        return float(self.combine(self.terms(y, outputs).mean(axis=0)))

    def draws(self, y: Array, outputs: Array, seed: int, groups: Array | None = None) -> Array:
        """The metric over bootstrap draws of the samples: (draws,). One seed, one set of draws,
        so that two models' draws on the same targets are paired; NaN where a draw does not have
        what the metric needs. groups: (n,) of which only whole ones are drawn, such as the samples
        of a person, because they are alike (Field and Welsh 2007).
        """
        if self.terms is None:
            sets = (np.repeat(np.arange(len(y)), each) for each in _counts(len(y), seed, groups))
            picks = itertools.islice(sets, WHOLE_DRAWS)
            first, second = self.prepared(y, outputs) if self.prepared else (y, outputs)
            return np.array([self._computed(first[p], second[p]).mean() for p in picks])
        terms = np.asarray(self.terms(y, outputs), np.float64)
        counts = _counts(len(y), seed, groups)
        means = []
        for _ in range(0, DRAWS, AT_ONCE):
            block = np.array(list(itertools.islice(counts, AT_ONCE)), np.float64)
            means.append(block @ terms / block.sum(axis=1, keepdims=True))
        return self.combine(np.concatenate(means))

    def _whole(self, y: Array, outputs: Array) -> Array:
        return self._computed(*(self.prepared(y, outputs) if self.prepared else (y, outputs)))

    def _computed(self, first: Array, second: Array) -> Array:
        if self.whole is None:
            raise ConfigError(
                f"Metric {self.name!r} has nothing that computes it.", "Give it terms, or whole."
            )
        return np.asarray(self.whole(first, second))


def _counts(n: int, seed: int, groups: Array | None) -> Iterator[Array]:
    """Endless draws with replacement: how often each of n samples is in one, (n,)."""
    rng = np.random.default_rng(seed)
    if groups is None:
        while True:
            yield np.bincount(rng.integers(n, size=n), minlength=n)
    place = np.unique(groups, return_inverse=True)[1].ravel()
    size = int(place.max()) + 1
    while True:
        yield np.bincount(rng.integers(size, size=size), minlength=size)[place]


def by_name(*metrics: Metric) -> dict[str, Metric]:
    """Metrics under their names; the first is the default of its kind of task."""
    return {metric.name: metric for metric in metrics}


def averaged(values: Array) -> Array:
    """(n, k) scores -> (n, 1): the mean over the positions of each sample."""
    return np.asarray(values.mean(axis=1, keepdims=True))
