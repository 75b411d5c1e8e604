"""k values for all weights of a kernel: k-means in one dimension."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgehone.data import Array

Numbers = NDArray[np.float64]
Initialization = Literal["k-means++", "linear", "density"]

INITIALIZATIONS: tuple[Initialization, ...] = ("k-means++", "linear", "density")
STARTS = 4
"""Runs of k-means++, of which the best one counts."""
ITERATIONS = 300
SEEDED_FROM = 2**16
"""Starting points are drawn from at most so many of the sorted weights, evenly taken."""


def shared(
    values: Array,
    k: int,
    initialization: Initialization = "k-means++",
    *,
    keep_zeros: bool = True,
    seed: int = 0,
) -> Array:
    """`values` with at most k distinct ones, by Lloyd's iterations (Han et al. 2016, eq. 2).

    keep_zeros: if any weight is 0, one of the k is 0 and stays it, so that zeros stay zeros; small
    weights may join them.
    """
    flat = values.reshape(-1).astype(np.float64)
    others = np.sort(flat[flat != 0]) if keep_zeros else np.sort(flat)
    pinned = len(others) < len(flat)
    if not len(others):
        return values.copy()
    means = centroids(others, k, initialization, seed, pinned=pinned)
    return nearest(flat, means).astype(values.dtype).reshape(values.shape)


def centroids(
    ordered: Numbers, k: int, initialization: Initialization, seed: int, *, pinned: bool = False
) -> Numbers:
    """At most k values, ascending, for weights in ascending order: the best local optimum found.

    pinned: one of them is 0 and does not move.
    """
    first = [0.0] if pinned else []
    if initialization != "k-means++":
        start = _spread(ordered, k - len(first), initialization)
        return _lloyd(ordered, np.concatenate([first, start]), pinned)
    random = np.random.default_rng(seed)
    sample = ordered[:: -(-len(ordered) // SEEDED_FROM)]
    starts = [_plus_plus(sample, k, first, random) for _ in range(STARTS)]
    found = [_lloyd(ordered, start, pinned) for start in starts]
    return min(found, key=lambda means: inertia(ordered, nearest(ordered, means)))


def nearest(values: Numbers, means: Numbers) -> Numbers:
    """For each value the nearest of the ascending means."""
    return means[np.searchsorted((means[1:] + means[:-1]) / 2, values)]


def inertia(values: Array, instead: Array) -> float:
    """Sum of squared distances, in float64."""
    return float(((values.astype(np.float64) - instead.astype(np.float64)) ** 2).sum())


def _lloyd(ordered: Numbers, means: Numbers, pinned: bool) -> Numbers:
    """Means moved to the middle of what is nearest to them until they stand still. On a line the
    members of a mean are neighbours, so sums are differences of running ones.
    """
    running = np.concatenate([[0.0], np.cumsum(ordered)])
    means = np.unique(means)
    for _ in range(ITERATIONS):
        cuts = np.searchsorted(ordered, (means[1:] + means[:-1]) / 2, side="right")
        ends = np.concatenate([[0], cuts, [len(ordered)]])
        counts = np.diff(ends)
        zero = (means == 0) & pinned
        stays = (counts > 0) | zero
        sums = (running[ends[1:]] - running[ends[:-1]])[stays]
        moved = np.where(zero[stays], 0, sums / np.maximum(counts[stays], 1))
        if np.array_equal(moved, means):
            break
        means = moved
    return means


def _plus_plus(sample: Numbers, k: int, first: list[float], random: np.random.Generator) -> Numbers:
    """Starting points, each drawn with a chance in proportion to its squared distance to those
    before (Arthur & Vassilvitskii 2007, section 2.2); the first anywhere, if none is given.
    """
    found = list(first) or [float(random.choice(sample))]
    distances = (sample - found[0]) ** 2
    while len(found) < k and distances.any():
        running = np.cumsum(distances)
        place = np.searchsorted(running, random.random() * running[-1], side="right")
        found.append(float(sample[min(place, len(sample) - 1)]))
        distances = np.minimum(distances, (sample - found[-1]) ** 2)
    return np.array(found)


def _spread(ordered: Numbers, k: int, initialization: Initialization) -> Numbers:
    """From the least to the largest weight evenly (linear), or at even shares of the weights
    (density), as in Han et al. 2016, section 3.2.
    """
    if initialization == "linear":
        return np.linspace(ordered[0], ordered[-1], k)
    return np.asarray(np.quantile(ordered, np.linspace(0, 1, k)), np.float64)
