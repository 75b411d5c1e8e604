"""The random numbers of a process, kept as they were around work that seeds them."""

import importlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_KERAS = ("global_random_seed", "global_seed_generator")
"""What `keras.utils.set_random_seed` changes in Keras's own state."""


@contextmanager
def kept() -> Iterator[None]:
    """Restore after the block what `backend.seed` changes: the state of Python's, NumPy's,
    TensorFlow's and Keras's random numbers, and whether operations are made to repeat bit by bit.
    """
    python, numpy = random.getstate(), np.random.get_state()
    tensorflow = _tensorflow()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        _restore(tensorflow)


def _tensorflow() -> tuple[Any, ...]:
    """(seed, generator, repeats, Keras's state); as in a new process where it is not imported."""
    if "tensorflow" not in sys.modules or "keras" not in sys.modules:
        return None, None, False, (None, None)
    context, config, state = _modules()
    kept = tuple(state.get_global_attribute(name) for name in _KERAS)
    generator = getattr(context, "_rng", None)  # which is made with the first seed
    return context._seed, generator, config.is_op_determinism_enabled(), kept


def _restore(before: tuple[Any, ...]) -> None:
    if "tensorflow" not in sys.modules or "keras" not in sys.modules:
        return
    context, config, state = _modules()
    context._seed, context._rng, repeats, kept = before
    if config.is_op_determinism_enabled() and not repeats:
        config.disable_op_determinism()
    for name, value in zip(_KERAS, kept, strict=True):
        state.set_global_attribute(name, value)


def _modules() -> tuple[Any, Any, Any]:
    context = importlib.import_module("tensorflow.python.eager.context").context()
    config = importlib.import_module("tensorflow.python.framework.config")
    return context, config, importlib.import_module("keras.src.backend.common.global_state")
