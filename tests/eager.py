"""Trainings of a step or two, whose steps are computed as they come: tracing a step takes most of
such a training. For tests of what comes of techniques; others train as users do.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from edgehone.graph import backend


@contextmanager
def eagerly() -> Iterator[None]:
    """Inside, no function of TensorFlow's is traced."""
    backend.keras()
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though the `tf.config.experimental_run_func")
            yield
    finally:
        tf.config.run_functions_eagerly(before)
