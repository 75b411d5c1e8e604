"""What a model's outputs are worth: its metric with an interval, and how it follows a teacher."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import IN_FILE, DataError, ExecutionError
from edgehone.stats import mean_ci, paired_interval, wilson
from edgehone.system.user_code import is_reference
from edgehone.tasks.metrics import (
    Metric,
    flat,
    is_column,
    metric_for,
    predicted_labels,
    threshold_of,
    two_scores,
)
from edgehone.values import Accuracy, Task

Array = NDArray[Any]
Interval = tuple[float, float]


def evaluate(
    task: Task,
    y: Array,
    outputs: Array,
    *,
    teacher: Array | None = None,
    reference: Array | None = None,
    threshold: float | None = None,
    seed: int = 0,
) -> Accuracy:
    """The task's metric of `outputs` (n, ...) against targets `y` (n, ...), with its interval.

    teacher: outputs to agree with; reference: outputs that `drop` is counted from, paired sample
    by sample. threshold: of one column (`metrics.threshold_of`); None: as the reference's, or the
    teacher's, or these outputs look, and the same for all of them. Raises DataError when the arrays
    do not fit each other, ExecutionError when the outputs of a numeric task are not numbers.
    """
    metric = metric_for(task)
    check(task, y, outputs)
    drop = _Drop()
    if reference is not None:
        check(task, y, reference)
    if task.kind == "classification" and is_column(outputs):
        known = next(each for each in (reference, teacher, outputs) if each is not None)
        least = threshold_of(known) if threshold is None else threshold
        outputs, teacher, reference = _alike(metric, least, outputs, teacher, reference)
    if reference is not None:
        drop = _drop(metric, y, outputs, reference, seed)
    return Accuracy(
        metric=metric.name,
        value=metric.value(y, outputs),
        n=len(y),
        ci95=_interval(metric, y, outputs, seed),
        agreement=None if teacher is None else agreement(task, outputs, teacher),
        drop=drop.value,
        drop_ci95=drop.ci95,
        higher_is_better=metric.higher_is_better,
        discordant=drop.discordant,
    )


def _alike(
    metric: Metric,
    threshold: float,
    outputs: Array,
    teacher: Array | None,
    reference: Array | None,
) -> tuple[Array, Array | None, Array | None]:
    """Single columns as scores of two classes, all by one threshold; a user's metric gets what the
    model gives.
    """
    if metric.custom is not None:
        return outputs, teacher, reference
    found = [
        two_scores(each, threshold) if each is not None and is_column(each) else each
        for each in (teacher, reference)
    ]
    return two_scores(outputs, threshold), found[0], found[1]


def agreement(task: Task, outputs: Array, teacher: Array) -> float:
    """How often, or how closely, `outputs` (n, ...) follow the teacher's; in [0, 1].

    Classification: the fraction of equal labels. Else 1 - |outputs - teacher| / |teacher - its
    mean| in the Frobenius norm, and 0 where that is negative.
    """
    if len(outputs) != len(teacher):
        raise DataError(f"{len(outputs)} outputs cannot agree with {len(teacher)} of the teacher.")
    if task.kind == "classification":
        least = threshold_of(teacher)
        same = predicted_labels(outputs, least) == predicted_labels(teacher, least)
        return float(same.mean())
    mine, theirs = flat(outputs), flat(teacher)
    _same_width(mine, theirs, "the teacher's outputs")
    error = float(np.linalg.norm(mine - theirs))
    spread = float(np.linalg.norm(theirs - theirs.mean(axis=0)))
    if error == 0:
        return 1.0
    return max(0.0, 1 - error / spread) if spread else 0.0


@dataclass(frozen=True)
class _Drop:
    """Reference minus value, turned so that positive is worse; see `Accuracy`."""

    value: float | None = None
    ci95: Interval | None = None
    discordant: tuple[int, int] | None = None


def _drop(metric: Metric, y: Array, outputs: Array, reference: Array, seed: int) -> _Drop:
    sign = 1 if metric.higher_is_better else -1
    before, after = metric.per_sample(y, reference), metric.per_sample(y, outputs)
    if before is None or after is None:
        drop = sign * (metric.value(y, reference) - metric.value(y, outputs))
        draws = metric.draws(y, reference, seed) - metric.draws(y, outputs, seed)
        return _Drop(drop, _quantiles(sign * draws, drop))
    changes = sign * (before - after)
    drop = float(changes.mean())
    if np.isin([before, after], (0, 1)).all():
        worse, better = int((changes > 0).sum()), int((changes < 0).sum())
        return _Drop(drop, paired_interval(len(changes), worse, better), (worse, better))
    return _Drop(drop, mean_ci(changes))


def _interval(metric: Metric, y: Array, outputs: Array, seed: int) -> Interval:
    scores = metric.per_sample(y, outputs)
    if scores is None:
        return _quantiles(metric.draws(y, outputs, seed), metric.value(y, outputs))
    if np.isin(scores, (0, 1)).all():
        return wilson(int(scores.sum()), len(scores))
    return mean_ci(scores)


def _quantiles(draws: Array, value: float) -> Interval:
    low, high = np.quantile(draws, (0.025, 0.975)).tolist()
    return min(low, value), max(high, value)


def check(task: Task, y: Array, outputs: Array) -> None:
    """Refuse targets (n, ...) and outputs (n, ...) that do not fit each other: DataError; and
    outputs of a numeric task that are not numbers: ExecutionError. A user's metric takes any.
    """
    if len(y) == 0 or len(y) != len(outputs):
        raise DataError(f"There are {len(outputs)} outputs for {len(y)} targets.")
    if is_reference(task.metric):
        return
    if task.kind != "classification":
        _same_width(flat(outputs), flat(y), "the targets")
        if not np.isfinite(outputs).all():
            raise ExecutionError(
                "The model's outputs are not all numbers (NaN or infinity).",
                "Look for overflow: float16 or an integer precision may be too narrow for it.",
            )
        return
    single = outputs.ndim == 1 or outputs.shape[-1] == 1
    classes = 2 if single else outputs.shape[-1]
    shape = outputs.shape if outputs.ndim == 1 else outputs.shape[:-1]
    if y.shape != shape:
        raise DataError(
            f"Labels have shape {y.shape}, the model's outputs {outputs.shape}.",
            "Give one label for each row of class scores, or set kind under [task] "
            f"{IN_FILE} to what the model does.",
        )
    if y.min() < 0 or y.max() >= classes:
        wrong = int(y.min() if y.min() < 0 else y.max())
        raise DataError(
            f"Label {wrong} is out of range: the model tells {classes} classes apart.",
            f"Labels are integers from 0 to {classes - 1}.",
        )


def _same_width(mine: Array, theirs: Array, what: str) -> None:
    if mine.shape[1] != theirs.shape[1]:
        raise DataError(
            f"The model gives {mine.shape[1]} numbers a sample, but {what} have {theirs.shape[1]}.",
            f"Check that data and model belong together, and the kind under [task] {IN_FILE}.",
        )
