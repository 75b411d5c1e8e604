"""A metric of the user's: a function, or a class whose objects are called."""

from collections.abc import Callable
from typing import Any

import numpy as np

from edgehone.errors import ConfigError
from edgehone.system import variants
from edgehone.system.numbers import Array
from edgehone.system.user_code import function, running
from edgehone.tasks.scoring import Metric


def own(source: str) -> Metric:
    """The metric that "python:module:name" names. Raises ConfigError where it cannot be called."""
    scored = _scorer(source)
    higher = bool(getattr(scored, "higher_is_better", True))

    def scores(y: Array, outputs: Array) -> Array:
        copies = (y.copy(), outputs.copy())  # what a user's function does to them is its own
        with running(repr(source), ConfigError):
            found = scored(*copies)
        return _checked(source, found, len(y))

    return Metric(source, higher, whole=scores, raw=True)


def _scorer(source: str) -> Callable[..., Any]:
    """The function, or the instance of the class, that scores."""
    found = function(source)
    if not isinstance(found, type):
        return found
    made: Any = variants.instance(found, source)
    if not callable(made):
        raise ConfigError(
            f"{source} is a class whose objects cannot be called.",
            "Define __call__(self, targets, outputs) in it.",
        )
    return made  # type: ignore[no-any-return]  # callable() is all that is known of it


def _checked(source: str, found: Any, n: int) -> Array:
    if found is None:
        raise _wrong_scores(source, "nothing")
    try:
        scores = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _wrong_scores(source, type(found).__name__) from error
    if scores.shape not in ((), (n,)):
        raise _wrong_scores(source, f"an array of shape {scores.shape} for {n} samples")
    if not np.isfinite(scores).all():
        raise _wrong_scores(source, "NaN or infinity")
    return scores


def _wrong_scores(source: str, got: str) -> ConfigError:
    return ConfigError(
        f"Metric {source!r} returned {got}.", "It must return a number, or one score per sample."
    )
