"""How many samples of each class, or of each label, are found, missed and found in error."""

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks.labels import VOID
from edgehone.tasks.outputs import decisions


def of_labels(y: Array, outputs: Array) -> Array:
    """(n, 3, k): hits, false positives and misses of k labels that do not exclude each other. What
    is not a number is wrong, whatever the target.
    """
    found, truth = (each.reshape(len(y), -1, y.shape[-1]) for each in (decisions(outputs), y))
    hits = (found == 1) & (truth == 1)
    false = (found != 0) & (truth == 0)
    missed = (found != 1) & (truth == 1)
    return np.stack([each.sum(axis=1) for each in (hits, false, missed)], axis=1)


def of_classes(y: Array, labels: Array, count: int) -> Array:
    """(n, 3, count): hits, false positives and misses of classes that exclude each other, over the
    places of each sample. y, labels: (n, ...), of which those outside of the classes are nobody's.
    """
    samples = np.repeat(np.arange(len(y)), y.reshape(len(y), -1).shape[1])
    truth, found = y.ravel(), labels.ravel()
    known, named = truth != VOID, (found >= 0) & (found < count)
    right = known & (truth == found)

    def counted(of: Array, where: Array) -> Array:
        cells = samples[where] * count + of[where]
        return np.bincount(cells, minlength=len(y) * count).reshape(len(y), count)

    parts = [
        counted(truth, right),
        counted(found, known & named & ~right),
        counted(truth, known & ~right),
    ]
    return np.stack(parts, axis=1)


def confusion(y: Array, labels: Array, count: int) -> Array:
    """(count, count): places by true class (row) and given class (column), those without either
    left out.
    """
    truth, found = y.ravel(), labels.ravel()
    known = (truth != VOID) & (found >= 0) & (found < count)
    cells = truth[known] * count + found[known]
    return np.bincount(cells, minlength=count * count).reshape(count, count)


def f1(hits: Array, errors: Array) -> Array:
    """2 hits / (2 hits + false positives and misses); 1 where there is nothing to find and nothing
    was found.
    """
    hits = np.asarray(hits, np.float64)
    some = hits + errors > 0
    return np.asarray(np.divide(2 * hits, 2 * hits + errors, out=np.ones_like(hits), where=some))


def micro_terms(counts: Array) -> Array:
    """(n, 3, k) counts as (n, 2): hits and errors over all labels."""
    hits, false, missed = np.moveaxis(counts.sum(axis=2), 1, 0)
    return np.stack([hits, false + missed], axis=1).astype(np.float64)


def micro(means: Array) -> Array:
    """F1 of means of `micro_terms`."""
    return f1(means[..., 0], means[..., 1])


def macro_terms(counts: Array) -> Array:
    """(n, 3, k) counts as (n, 2 k): hits of each label, then errors."""
    hits, false, missed = np.moveaxis(counts, 1, 0)
    return np.hstack([hits, false + missed]).astype(np.float64)


def macro(means: Array) -> Array:
    """Mean F1 of means of `macro_terms`; labels that are neither there nor found do not count."""
    hits, errors = np.split(means, 2, axis=-1)
    return mean_where(f1(hits, errors), hits + errors > 0)


def mean_where(values: Array, counted: Array) -> Array:
    """(..., k) -> (...): the mean of the values that count; 1 where none does."""
    number = counted.sum(axis=-1)
    total = np.where(counted, values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(total, number, out=np.ones_like(total), where=number > 0))
