"""Samples without labels: they are learned from by what the teacher answers alone."""

from typing import Any

import numpy as np

from edgehone.data import Array, DataSet
from edgehone.graph import backend
from edgehone.system.rows import Rows, joined


def taught(data: DataSet) -> Rows:
    """All samples (n + m, ...) that a teacher answers: n for training, then m without labels."""
    if data.unlabelled is None:
        return data.train.x
    return joined(data.train.x, data.unlabelled)


def marked(targets: Array, samples: int) -> Array:
    """Targets (n, ...) for that many samples, of which those beyond n are marked as having none."""
    if samples == len(targets):
        return targets
    kept = targets.astype(np.uint8) if targets.dtype == bool else targets
    missing = samples - len(targets)
    return np.concatenate(
        [kept, np.full((missing, *kept.shape[1:]), _mark(kept.dtype), kept.dtype)]
    )


def of_labelled(loss: Any, data: DataSet) -> Any:
    """A loss (targets, predicted) -> scalar that looks at the samples with labels alone.

    It is the mean over those in a batch times their number, by the number that a batch has on the
    average: so each labelled sample counts as much as any other, in whatever batch it comes.
    """
    if data.unlabelled is None:
        return loss
    expected = len(data.train) / data.taught_count
    return lambda targets, predicted: _over_labelled(loss, expected, targets, predicted)


def _over_labelled(loss: Any, expected: float, targets: Any, predicted: Any) -> Any:
    import tensorflow as tf

    ops = backend.keras().ops
    first = tf.reshape(targets, (tf.shape(targets)[0], -1))[:, 0]
    mark = _mark(np.dtype(targets.dtype.as_numpy_dtype))
    rows = ~tf.math.is_nan(first) if mark != mark else first != mark
    share = tf.reduce_mean(tf.cast(rows, predicted.dtype))
    return tf.cond(
        tf.reduce_any(rows),
        lambda: (
            share
            / expected
            * ops.mean(loss(tf.boolean_mask(targets, rows), tf.boolean_mask(predicted, rows)))
        ),
        lambda: tf.zeros((), predicted.dtype),
    )


def _mark(dtype: np.dtype[Any]) -> Any:
    """What no target is: not a number, or the integer farthest from all labels."""
    if dtype.kind == "f":
        return np.nan
    bounds = np.iinfo(dtype)
    return bounds.min if bounds.min else bounds.max
