"""Whether outputs are better than the best answer that never looks at its sample."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import units
from edgehone.errors import ConfigError
from edgehone.system.rows import Rows, bounds
from edgehone.system.user_code import is_reference
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.values import Accuracy, ConstantAnswer, Task

Array = NDArray[Any]


def with_constant_answer(
    task: Task,
    y: Array,
    outputs: Array,
    found: Accuracy,
    seed: int = 0,
    groups: Array | None = None,
) -> Accuracy:
    """The accuracy of outputs (n, ...) on targets y (n, ...) beside the best constant answer's;
    unchanged where a user's metric scores no constant answer.
    """
    own = metric_for(task).constants
    answers = own(y, outputs) if own else kind_of(task).constants(y, outputs, task.metric)
    tried = [(words, _repeated(answer, outputs)) for words, answer in answers]
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
        beside = evaluate(task, y, answer, reference=outputs, seed=seed, groups=groups)
    except ConfigError:  # a user's metric that scores no constant answer of a resampled set
        return found
    if beside.drop is None or beside.drop_ci95 is None:
        return found
    return replace(found, guess=ConstantAnswer(words, value, beside.drop, beside.drop_ci95))


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
    return kind_of(task).advice(y, task.metric)


def held(x: Rows) -> str:
    """The range of samples, in words: 0 to 255."""
    return span(bounds(x))


def span(bounds: tuple[float, float]) -> str:
    """A range of values, in words."""
    return f"{_short(bounds[0])} to {_short(bounds[1])}"


def _short(value: float) -> str:
    return f"{units.MINUS if value < 0 else ''}{abs(float(value)):.4g}"


def _named(metric: str) -> str:
    return metric.rpartition(":")[2] if is_reference(metric) else metric


def _repeated(answer: Array, outputs: Array) -> Array:
    """One sample's answer as outputs (n, ...) of the shape that is compared; all samples' as is."""
    if answer.shape == outputs.shape:
        return answer.astype(np.float32)
    one = outputs.shape[1:]
    shaped = answer.reshape(one) if answer.size == int(np.prod(one)) else answer
    return np.broadcast_to(shaped, outputs.shape).astype(np.float32)


def _value(task: Task, y: Array, outputs: Array) -> float | None:
    try:
        return metric_for(task).value(y, outputs)
    except ConfigError:  # a user's metric that does not score this answer
        return None
