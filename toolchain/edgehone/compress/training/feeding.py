"""Batches of samples for TensorFlow: from memory, or read and converted when they are needed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgehone.system.bounds import MIB
from edgehone.system.rows import LazyRows, Rows

PREDICT_BATCH = 256

READ_AHEAD = 2
"""Batches that are made while one is trained on."""

COPIED_BYTES = 64 * MIB
"""Largest array that TensorFlow gets a copy of, which it gathers from a little faster."""


def gatherer(x: Rows) -> Callable[[Any], Any]:
    """What gives the samples (b, *shape) of rows (b,), both TensorFlow's.

    A small array is copied once to where TensorFlow computes; large ones stay where they are, in
    memory or on the disk, and of lazy rows a batch alone is in memory.
    """
    import tensorflow as tf

    if not isinstance(x, LazyRows) and x.nbytes <= COPIED_BYTES:
        held = tf.constant(x)
        return lambda rows: tf.gather(held, rows)

    kind, shape = tf.as_dtype(x.dtype), x.shape[1:]

    def read(rows: Any) -> Any:
        found = tf.numpy_function(lambda each: np.ascontiguousarray(x[each]), [rows], kind)
        found.set_shape((rows.shape[0], *shape))
        return found

    return read


def shuffled(several: Sequence[Rows], batch: int, seed: int) -> Any:
    """A tf.data.Dataset of tuples of batches, one of each, in another order each time it is gone
    through. Only the numbers of the samples are shuffled: the samples stay where they are.
    """
    import tensorflow as tf

    count = len(several[0])
    gather = [gatherer(each) for each in several]
    rows = tf.data.Dataset.range(count).shuffle(count, seed=seed).batch(batch, drop_remainder=True)
    return rows.map(lambda each: tuple(one(each) for one in gather)).prefetch(READ_AHEAD)
