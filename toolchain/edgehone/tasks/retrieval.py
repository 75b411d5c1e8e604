"""Whether samples with vectors alike are of one class."""

from math import comb

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks.scoring import Metric

AT_ONCE = 512
"""Samples whose neighbours are looked for by one product of matrices."""

DIGITS = 9
"""Cosines that agree to so many decimals are equal."""


def unit(vectors: Array) -> Array:
    """Vectors (n, d) of length 1, as doubles; what has no length, or is not a number, is all 0."""
    known = np.where(np.isfinite(vectors).all(axis=1, keepdims=True), vectors, 0.0)
    known = np.asarray(known, np.float64)
    length = np.linalg.norm(known, axis=1, keepdims=True)
    return np.asarray(np.divide(known, length, out=np.zeros_like(known), where=length > 0))


def recall_at(y: Array, vectors: Array, k: int) -> Array:
    """(n, 2): whether one of the k nearest others of each sample (by cosine) has its class, and
    whether any other has it, without which the sample does not count (0, 0). Of neighbours that are
    as near as the last of the k, each is as likely to be among them, so that the first column is a
    chance in [0, 1].
    """
    near, found = unit(vectors), np.zeros((len(y), 2))
    blank = ~near.any(axis=1)
    for start in range(0, len(y), AT_ONCE):
        block = np.arange(start, min(start + AT_ONCE, len(y)))
        cosines = np.round(near[block] @ near.T, DIGITS)
        cosines[:, blank] = -2.0  # behind all others
        for row, sample in zip(cosines, block, strict=True):
            others = np.delete(row, sample)
            same = np.delete(y == y[sample], sample)
            found[sample] = (_chance(others, same, k), 1.0) if same.any() else (0.0, 0.0)
    found[blank, 0] = 0.0
    return found


def retrieved(k: int) -> Metric:
    """Recall@k over the samples whose class another has."""

    def terms(y: Array, outputs: Array) -> Array:
        return recall_at(y, outputs, k)

    name, needs = "retrieval_recall", "two samples of a class"
    return Metric(name, higher_is_better=True, terms=terms, combine=_ratio, needs=needs)


def _ratio(means: Array) -> Array:
    hits, counted = means[..., 0], means[..., 1]
    return np.asarray(np.divide(hits, counted, out=np.full_like(hits, np.nan), where=counted > 0))


def _chance(cosines: Array, same: Array, k: int) -> float:
    """That one of the same class is among the k nearest, ties drawn at random."""
    if k >= len(cosines):
        return float(same.any())
    last = np.partition(cosines, len(cosines) - k)[len(cosines) - k]
    nearer, tied = cosines > last, cosines == last
    if same[nearer].any():
        return 1.0
    places, among = k - int(nearer.sum()), int(tied.sum())
    others = among - int(same[tied].sum())
    return 1 - comb(others, places) / comb(among, places)
