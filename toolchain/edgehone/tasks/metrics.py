"""The metric a task is judged by: one of its kind's, or a function of the user's."""

from collections.abc import Callable
from typing import Any

import numpy as np

from edgehone.errors import ConfigError
from edgehone.system import variants
from edgehone.system.numbers import Array
from edgehone.system.user_code import PREFIX, function, is_reference, running
from edgehone.tasks.kinds import kind_of, known
from edgehone.tasks.scoring import Metric
from edgehone.values import Task


def metric_names(kind: str) -> tuple[str, ...]:
    """The built-in metrics of a kind of task; the first is its default."""
    return tuple(kind_of(kind).METRICS)


def direction_of(name: str) -> bool | None:
    """Whether more is better of the built-in metric of that name; None: there is none."""
    found = (kind_of(kind).METRICS.get(name) for kind in known())
    return next((each.higher_is_better for each in found if each), None)


def metric_for(task: Task) -> Metric:
    """The task's metric. A user's function takes (targets, outputs) and returns one number or one
    score per sample; higher is better unless it has an attribute `higher_is_better = False`. A
    class of theirs is built, with the settings of its name, and its instance called.

    Raises ConfigError for a metric the task's kind does not have.
    """
    if is_reference(task.metric):
        return _custom(task.metric)
    metrics = kind_of(task).METRICS
    if task.metric not in metrics:
        raise ConfigError(
            f"{task.metric!r} is not a metric of a {task.kind} task.",
            f'Known: {", ".join(metrics)}, or "{PREFIX}module:function".',
        )
    return metrics[task.metric]


def _custom(source: str) -> Metric:
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
