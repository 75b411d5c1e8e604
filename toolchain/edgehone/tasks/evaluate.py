"""What a model's outputs are worth: its metric with an interval, and how it follows a teacher."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import DataError
from edgehone.stats import mean_ci, paired_interval, wilson
from edgehone.system.user_code import is_reference
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.tasks.outputs import threshold_of
from edgehone.tasks.scoring import Metric
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
    groups: Array | None = None,
) -> Accuracy:
    """The task's metric of `outputs` (n, ...) against targets `y` (n, ...), with its interval.

    teacher: outputs to agree with; reference: outputs that `drop` is counted from, paired sample
    by sample. threshold: of outputs that mean yes or no (`outputs.threshold_of`); None: as the
    reference's, or the teacher's, or these outputs look, and the same for all of them. groups:
    (n,) of samples that are alike, such as a person's, which intervals draw whole. Raises
    DataError when the arrays do not fit each other, ExecutionError when the outputs of a numeric
    task are not numbers.
    """
    metric = metric_for(task)
    check(task, y, outputs)
    drop = _Drop()
    if reference is not None:
        check(task, y, reference)
    kind = kind_of(task)
    classes = by_class(task, y, outputs, teacher if reference is None else reference, threshold)
    if kind.has_threshold(outputs) and not metric.raw:
        known = next(each for each in (reference, teacher, outputs) if each is not None)
        least = threshold_of(known) if threshold is None else threshold
        outputs = kind.scores(outputs, least)
        teacher = None if teacher is None else kind.scores(teacher, least)
        reference = None if reference is None else kind.scores(reference, least)
    if reference is not None:
        drop = _drop(metric, y, outputs, reference, _Draw(seed, groups))
    return Accuracy(
        metric=metric.name,
        value=metric.value(y, outputs),
        n=len(y),
        ci95=_interval(metric, y, outputs, _Draw(seed, groups)),
        agreement=None if teacher is None else agreement(task, outputs, teacher),
        drop=drop.value,
        drop_ci95=drop.ci95,
        higher_is_better=metric.higher_is_better,
        discordant=drop.discordant,
        classes=classes,
    )


def by_class(
    task: Task,
    y: Array,
    outputs: Array,
    reference: Array | None = None,
    threshold: float | None = None,
) -> dict[str, tuple[int, float]] | None:
    """By label, how many samples there are and their mean score (`TaskKind.CLASS_SCORE`); None
    where the task has no labels, or a user's metric takes outputs of another shape.
    """
    kind = kind_of(task)
    if is_reference(task.metric) or not kind.CLASS_SCORE:
        return None
    least = threshold_of(outputs if reference is None else reference)
    labels = kind.labels(outputs, least if threshold is None else threshold)
    if labels is None or labels.shape != y.shape:
        return None
    scores = kind.scores_by_class(y, outputs, least if threshold is None else threshold)
    return {str(int(label)): (len(each), float(each.mean())) for label, each in scores.items()}


def agreement(task: Task, outputs: Array, teacher: Array) -> float:
    """How often, or how closely, `outputs` (n, ...) follow the teacher's; in [0, 1].

    Of labels the fraction of equal ones, of numbers 1 minus their relative error.
    """
    if len(outputs) != len(teacher):
        raise DataError(f"{len(outputs)} outputs cannot agree with {len(teacher)} of the teacher.")
    return kind_of(task).agreement(outputs, teacher)


@dataclass(frozen=True)
class _Drop:
    """Reference minus value, turned so that positive is worse; see `Accuracy`."""

    value: float | None = None
    ci95: Interval | None = None
    discordant: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class _Draw:
    """How samples are drawn for intervals."""

    seed: int
    groups: Array | None

    def of(self, metric: Metric, y: Array, outputs: Array) -> Array:
        """The metric over the draws."""
        return metric.draws(y, outputs, self.seed, self.groups)

    def trials(self, metric: Metric, y: Array) -> int:
        """On how many samples, or groups, a value rests of which no draw differs."""
        known = len(y) if metric.trials is None else metric.trials(y)
        return known if self.groups is None else min(known, len(np.unique(self.groups)))


def _drop(metric: Metric, y: Array, outputs: Array, reference: Array, draw: _Draw) -> _Drop:
    sign = 1 if metric.higher_is_better else -1
    before, after = metric.per_sample(y, reference), metric.per_sample(y, outputs)
    if before is None or after is None or draw.groups is not None:
        drop = sign * (metric.value(y, reference) - metric.value(y, outputs))
        draws = draw.of(metric, y, reference) - draw.of(metric, y, outputs)
        if metric.bounded and drop == 0 and _all_are(draws, 0):
            return _Drop(drop, paired_interval(draw.trials(metric, y), 0, 0))
        return _Drop(drop, _quantiles(sign * draws, drop))
    changes = sign * (before - after)
    drop = float(changes.mean())
    if np.isin([before, after], (0, 1)).all():
        worse, better = int((changes > 0).sum()), int((changes < 0).sum())
        return _Drop(drop, paired_interval(len(changes), worse, better), (worse, better))
    return _Drop(drop, mean_ci(changes))


def _interval(metric: Metric, y: Array, outputs: Array, draw: _Draw) -> Interval:
    scores = metric.per_sample(y, outputs)
    if scores is None or draw.groups is not None:
        draws, value = draw.of(metric, y, outputs), metric.value(y, outputs)
        if metric.bounded and value in (0, 1) and _all_are(draws, value):
            trials = draw.trials(metric, y)
            return wilson(int(value) * trials, trials)
        return _quantiles(draws, value)
    if np.isin(scores, (0, 1)).all():
        return wilson(int(scores.sum()), len(scores))
    return mean_ci(scores)


def _all_are(draws: Array, value: float) -> bool:
    """Whether no draw says how uncertain a value is: draws of perfect samples are all perfect."""
    known = draws[~np.isnan(draws)]
    return bool((np.abs(known - value) < 1e-12).all())


def _quantiles(draws: Array, value: float) -> Interval:
    known = draws[~np.isnan(draws)]  # a draw may lack a class that the metric needs
    if not known.size:
        return value, value
    low, high = np.quantile(known, (0.025, 0.975)).tolist()
    return min(low, value), max(high, value)


def check(task: Task, y: Array, outputs: Array) -> None:
    """Refuse targets (n, ...) and outputs (n, ...) that do not fit each other: DataError; and
    outputs of a numeric task that are not numbers: ExecutionError. A user's metric takes any.
    """
    if len(y) == 0 or len(y) != len(outputs):
        raise DataError(f"There are {len(outputs)} outputs for {len(y)} targets.")
    if not is_reference(task.metric):
        kind_of(task).check(y, outputs)
