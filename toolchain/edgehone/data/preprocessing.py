"""A function of batches that a model needs before it: one of Keras by its name, or the user's."""

import importlib
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from edgehone.errors import ConfigError, DataError
from edgehone.system import installing
from edgehone.system.numbers import Array
from edgehone.system.quiet_stderr import quiet_stderr
from edgehone.system.settings import PREPROCESS
from edgehone.system.user_code import function, is_reference, running

KERAS = "keras."
"""What names of functions of Keras begin with."""

BATCH = 256
"""Samples that the function gets at once."""

_PROBES = np.array([0.0, 1.0, 64.0, 127.5, 200.0, 255.0], np.float32)


def preprocessed(x: Array, name: str) -> Array:
    """Samples (n, ...) float32 as the function makes them, in the same shape.

    Raises ConfigError for an unknown function, DataError for one that fails or gives something
    else than as many numbers.
    """
    change = _found(name)
    parts = [x[start : start + BATCH] for start in range(0, len(x), BATCH)]
    return np.concatenate([_changed(change, part, name) for part in parts])


def affine(name: str, shape: tuple[int, ...]) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """The function as (scales, offsets) of the channels of a sample of this shape, for apps that
    cannot call it: f(x) = scale * x + offset; None where it is something else, as far as a few
    values show. One number stands for equal channels.
    """
    channels = shape[-1] if len(shape) == 3 else 1
    random = np.random.default_rng(0).uniform(0, 255, (4, *shape))
    levels = [np.full((1, *shape), value) for value in _PROBES]
    x = np.concatenate([random, *levels]).astype(np.float32)
    found = preprocessed(x, name).astype(np.float64)
    at = x.reshape(-1, channels).astype(np.float64), found.reshape(-1, channels)
    scales, offsets = [], []
    for before, after in zip(at[0].T, at[1].T, strict=True):
        scale, offset = np.polyfit(before, after, 1)
        if scale == 0 or np.abs(scale * before + offset - after).max() > 1e-3 * np.ptp(after):
            return None
        scales.append(float(scale))
        offsets.append(float(offset))
    if np.ptp(scales) < 1e-9 and np.ptp(offsets) < 1e-6:
        return (scales[0],), (offsets[0],)
    return tuple(scales), tuple(offsets)


def _changed(change: Callable[[Array], Any], part: Array, name: str) -> Array:
    with running(f"{PREPROCESS} = {name!r}", DataError):
        found = np.asarray(change(part.copy()))  # some change what they are given
    if found.shape != part.shape or found.dtype.kind not in "biuf":
        raise DataError(
            f"{name} makes samples of shape {found.shape[1:]} ({found.dtype}) of {part.shape[1:]}.",
            "Give a function of batches that returns as many numbers; resize the data themselves.",
        )
    return found.astype(np.float32)


@cache
def _found(name: str) -> Callable[[Array], Any]:
    if is_reference(name):
        return function(name)
    if not name.startswith(KERAS):
        raise _unknown(name)
    for key, value in (("KERAS_BACKEND", "tensorflow"), ("TF_CPP_MIN_LOG_LEVEL", "3")):
        os.environ.setdefault(key, value)
    module, _, attribute = name.rpartition(".")
    try:
        with quiet_stderr():
            found = getattr(importlib.import_module(module), attribute, None)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("keras",):
            raise ConfigError(
                f"{name} needs {error.name}, which is not installed.",
                f"Install it: {installing.command('compress')}.",
            ) from error
        raise _unknown(name) from error
    if not callable(found):
        raise _unknown(name)
    return found  # type: ignore[no-any-return]  # callable() is all that is known of it


def _unknown(name: str) -> ConfigError:
    return ConfigError(
        f"Unknown function {name!r} for {PREPROCESS}.",
        'Write it as "keras.applications.mobilenet_v2.preprocess_input" or '
        '"python:module:function".',
    )
