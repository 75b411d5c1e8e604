"""Boxes found and boxes to find: which belong together, and the average precision of it all."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edgehone.system.numbers import Array

MOST = 100
"""Boxes of a sample that count, those with the highest scores, as for COCO."""

RECALLS = np.linspace(0, 1, 101)
"""Where precision is read, as for COCO."""


class Boxes(NamedTuple):
    """What is found: corners (n, m, 4) as x1, y1, x2, y2, scores (n, m) and classes (n, m)."""

    corners: Array
    scores: Array
    classes: Array


def overlap(first: Array, second: Array) -> Array:
    """Intersection over union of boxes (a, 4) and (b, 4): (a, b), 0 of boxes without area."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [
        np.prod(np.clip(each[:, 2:] - each[:, :2], 0, None), axis=-1) for each in (first, second)
    ]
    either = areas[0][:, None] + areas[1][None] - both
    return np.asarray(np.divide(both, either, out=np.zeros_like(both), where=either > 0))


def hits(corners: Array, truth: Array, least: Array) -> Array:
    """(a, b) whether each box found, best score first, is a box to find: it takes the one that it
    overlaps most of those that are free, if it is by `least` (b,). Lin et al. 2014.
    """
    bounds = np.arange(len(least))
    found = np.zeros((len(corners), len(least)), bool)
    if not len(truth):
        return found
    free = np.ones((len(least), len(truth)), bool)
    for place, row in enumerate(overlap(corners, truth)):
        shared = np.where(free, row, -1.0)
        best = shared.argmax(axis=1)
        found[place] = shared[bounds, best] >= least
        free[bounds, best] &= ~found[place]
    return found


def matched(truth: Array, found: Boxes, least: Sequence[float]) -> tuple[Array, Array]:
    """What average precision is computed of, sample by sample: the class of each box to find (n,
    t), -1 for none; and (n, m, 2 + len(least)): score and class of each box found, NaN and -1 for
    none, and whether it is one to find at each least overlap. truth: (n, t, 5).
    """
    rows = np.zeros((len(truth), min(MOST, found.scores.shape[1]), 2 + len(least)))
    rows[..., 0], rows[..., 1] = np.nan, -1
    for sample, (wanted, corners, scores, classes) in enumerate(zip(truth, *found, strict=True)):
        ranked = np.argsort(-scores, kind="stable")
        ranked = ranked[np.isfinite(scores[ranked]) & (classes[ranked] >= 0)][:MOST]
        rows[sample, : len(ranked), 0] = scores[ranked]
        rows[sample, : len(ranked), 1] = classes[ranked]
        for label in np.unique(classes[ranked]):
            places = np.flatnonzero(classes[ranked] == label)
            targets = wanted[wanted[:, 4] == label, :4]
            rows[sample, places, 2:] = hits(corners[ranked[places]], targets, np.asarray(least))
    return truth[..., 4], rows


def average_precision(wanted: Array, rows: Array) -> float:
    """The mean of the average precisions over the classes that are to be found and over the least
    overlaps; NaN where there is nothing to find. As `matched` gives them.
    """
    labels = np.unique(wanted[wanted >= 0])
    found = rows.reshape(-1, rows.shape[-1])
    found = found[found[:, 1] >= 0]
    found = found[np.argsort(-found[:, 0], kind="stable")]
    each = [
        _interpolated(found[found[:, 1] == label], int((wanted == label).sum())) for label in labels
    ]
    return float(np.mean(each)) if each else float("nan")


def _interpolated(found: Array, count: int) -> float:
    """Of one class: the highest precision at each of 101 recalls or beyond, averaged over them and
    over the least overlaps. Equal scores are one step.
    """
    if not len(found):
        return 0.0
    last = np.append(found[1:, 0] != found[:-1, 0], True)
    taken = np.flatnonzero(last) + 1.0
    values = []
    for column in found[:, 2:].T:
        right = np.cumsum(column)[last]
        precision = np.maximum.accumulate((right / taken)[::-1])[::-1]
        place = np.searchsorted(right / count, RECALLS - 1e-12)
        values.append(np.append(precision, 0.0)[place].mean())
    return float(np.mean(values))
