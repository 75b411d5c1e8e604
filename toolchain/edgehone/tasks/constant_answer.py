"""Whether outputs are better than the best answer that never looks at its sample."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import units
from edgehone.errors import IN_FILE, ConfigError
from edgehone.system.user_code import is_reference
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.metrics import metric_for
from edgehone.values import Accuracy, Guess, Task

Array = NDArray[Any]
Constant = tuple[str, Array]
"""An answer in words, and the outputs of one sample that stand for it."""

TRIED_CLASSES = 20
"""Most classes of which each is tried as the constant answer of a user's own metric."""

ONE_SIDED = 0.8
"""Share of the commonest class from which on accuracy says little."""


def with_guess(task: Task, y: Array, outputs: Array, found: Accuracy, seed: int = 0) -> Accuracy:
    """The accuracy of outputs (n, ...) on targets y (n, ...) beside the best constant answer's;
    unchanged where a user's metric scores no constant answer.
    """
    tried = [(words, _repeated(answer, outputs)) for words, answer in _constants(task, y, outputs)]
    scored = [
        (value, words, answer)
        for words, answer in tried
        if (value := _value(task, y, answer)) is not None
    ]
    if not scored:
        return found
    sign = 1 if found.higher_is_better else -1
    value, words, answer = max(scored, key=lambda each: sign * each[0])
    try:
        beside = evaluate(task, y, answer, reference=outputs, seed=seed)
    except ConfigError:  # a user's metric that scores no constant answer of a resampled set
        return found
    if beside.drop is None or beside.drop_ci95 is None:
        return found
    return replace(found, guess=Guess(words, value, beside.drop, beside.drop_ci95))


def complaint(who: str, accuracy: Accuracy, split: str) -> str:
    """One sentence that says how little better than a guess `who` is; "" when it is better."""
    guess, metric = accuracy.guess, accuracy.metric
    if guess is None or guess.beaten:
        return ""
    how = "no better than" if guess.gain <= 0 else "not proven better than"
    gain = units.quantity("accuracy_drop", guess.gain, metric)
    spread = units.interval("accuracy_drop", guess.gain_ci95, metric)
    return (
        f"{who} is {how} a constant answer on the {split} data: "
        f"{_named(metric)} {units.quantity(metric, accuracy.value)}, and {guess.answer} has "
        f"{units.quantity(metric, guess.value)} (difference {gain}, 95 % interval {spread}, "
        f"{units.plural(accuracy.n, 'sample')})"
    )


def advice(task: Task, y: Array) -> str:
    """What besides the samples' range may be wrong where a model only guesses."""
    if task.kind != "classification":
        return "Check that the targets have the unit and the order of columns it was trained with."
    share = _counts(y).max() / y.size
    if task.metric == "accuracy" and share >= ONE_SIDED:
        return (
            f"{units.percent(share, 0)} of the labels are one class, where accuracy says little: "
            'name a metric of your own, metric = "python:module:function" under [task] '
            f"{IN_FILE}. "
            "Check the order of the labels."
        )
    return "Check that the labels are numbered in the order it was trained with."


def held(x: Array) -> str:
    """The range of samples, in words: 0 to 255."""
    return f"{_short(x.min())} to {_short(x.max())}"


def span(bounds: tuple[float, float]) -> str:
    """A range of values, in words."""
    return f"{_short(bounds[0])} to {_short(bounds[1])}"


def _short(value: float) -> str:
    return f"{units.MINUS if value < 0 else ''}{abs(float(value)):.4g}"


def _named(metric: str) -> str:
    return metric.rpartition(":")[2] if is_reference(metric) else metric


def _constants(task: Task, y: Array, outputs: Array) -> Iterator[Constant]:
    if task.kind == "classification":
        yield from _classes(task, y, outputs)
        return
    numbers_of = np.asarray(y, np.float64)
    yield "the mean of the targets", numbers_of.mean(axis=0)
    yield "the median of the targets", np.median(numbers_of, axis=0)


def _classes(task: Task, y: Array, outputs: Array) -> Iterator[Constant]:
    """The commonest class; for a user's metric every common class, and the classes' shares."""
    counts = _counts(y)
    single = outputs.ndim == 1 or outputs.shape[-1] == 1
    width = max(len(counts), 2 if single else outputs.shape[-1])
    shares = np.pad(counts, (0, width - len(counts))) / counts.sum()
    if task.metric == "top5":
        yield "always the five commonest classes", shares
        return
    order = np.argsort(-shares, kind="stable")
    own = is_reference(task.metric)
    for label in order[: TRIED_CLASSES if own else 1]:
        answer = np.eye(width)[label]
        yield f"always class {label}", answer[1:2] if single else answer
    if own:
        yield "always the shares of the classes", shares[1:2] if single else shares


def _counts(y: Array) -> Array:
    return np.bincount(np.asarray(y, np.int64).ravel())


def _repeated(answer: Array, outputs: Array) -> Array:
    """One sample's answer as outputs (n, ...) of the shape that is compared."""
    one = outputs.shape[1:]
    shaped = answer.reshape(one) if answer.size == int(np.prod(one)) else answer
    return np.broadcast_to(shaped, outputs.shape).astype(np.float32)


def _value(task: Task, y: Array, outputs: Array) -> float | None:
    try:
        return metric_for(task).value(y, outputs)
    except ConfigError:  # a user's metric that does not score this answer
        return None
