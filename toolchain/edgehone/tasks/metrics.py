"""The metrics a task may be judged by: what each scores per sample, and how scores combine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ConfigError
from edgehone.system.user_code import PREFIX, call, function, is_reference
from edgehone.values import Task, TaskKind

Array = NDArray[Any]
Scores = Callable[[Array, Array], Array]
"""(n, ...) targets, (n, ...) outputs -> numbers about them."""

DRAWS = 1000
CUSTOM_DRAWS = 200
"""Bootstrap draws; fewer where every draw calls a user's function."""


def _mean_of_scores(means: Array) -> Array:
    return np.asarray(means[..., 0])


@dataclass(frozen=True)
class Metric:
    """A number over (targets, outputs): `terms` (n, t) are averaged over the samples, then
    `combine`d, (..., t) -> (...). A user's metric has `custom` instead: one number or (n,).
    """

    name: str
    higher_is_better: bool
    terms: Scores | None = None
    combine: Callable[[Array], Array] = _mean_of_scores
    custom: Scores | None = None

    def per_sample(self, y: Array, outputs: Array) -> Array | None:
        """One score per sample (n,) whose mean is the value; None when there is no such score."""
        if self.custom is not None:
            scores = self.custom(y, outputs)
            return scores if scores.shape == (len(y),) else None
        if self.terms is None or self.combine is not _mean_of_scores:
            return None
        return np.asarray(self.terms(y, outputs)[:, 0])

    def value(self, y: Array, outputs: Array) -> float:
        """The metric over all samples."""
        if self.custom is not None:
            return float(self.custom(y, outputs).mean())
        if self.terms is None:
            raise ConfigError(f"Metric {self.name!r} has nothing that computes it.")
        return float(self.combine(self.terms(y, outputs).mean(axis=0)))

    def draws(self, y: Array, outputs: Array, seed: int) -> Array:
        """The metric over bootstrap draws of the samples: (draws,). One seed, one set of draws,
        so that two models' draws on the same targets are paired.
        """
        rng = np.random.default_rng(seed)
        n = len(y)
        if self.terms is None:
            picks = (rng.integers(n, size=n) for _ in range(CUSTOM_DRAWS))
            return np.array([self.value(y[pick], outputs[pick]) for pick in picks])
        terms = self.terms(y, outputs)
        found = [terms[rng.integers(n, size=n)].mean(axis=0) for _ in range(DRAWS)]
        return self.combine(np.array(found))


def is_column(outputs: Array) -> bool:
    """Whether outputs (n, ...) are one sigmoid, or one logit, for each label."""
    return bool(outputs.ndim == 1 or outputs.shape[-1] == 1)


def threshold_of(outputs: Array) -> float:
    """Above which value of one column the second class is meant: 0 of logits, which leave [0, 1],
    and 0.5 of probabilities. Ask it of a model's float outputs, and hold all its files by it.
    """
    known = outputs[np.isfinite(outputs)]
    is_logit = known.size and (known.min() < 0 or known.max() > 1)
    return 0.0 if is_logit else 0.5


def predicted_labels(outputs: Array, threshold: float | None = None) -> Array:
    """Labels of (n, ..., k) class scores, or of one sigmoid (or logit) column: (n, ...) integers.

    threshold: of one column, as `threshold_of` the float model's outputs; None: as these look.
    Ties go to the first class, as in an application's argmax; outputs that are not numbers get
    label -1, which is nobody's.
    """
    if is_column(outputs):
        column = outputs if outputs.ndim == 1 else outputs[..., 0]
        least = threshold_of(column) if threshold is None else threshold
        return np.where(np.isfinite(column), column > least, -1).astype(np.int64)
    labels = outputs.argmax(axis=-1)
    return np.asarray(np.where(np.isfinite(outputs).all(axis=-1), labels, -1))


def two_scores(outputs: Array, threshold: float) -> Array:
    """One column (n, ...) or (n, ..., 1) as scores of both classes (n, ..., 2) with the same
    labels, which no longer depend on the range of the values.
    """
    column = outputs if outputs.ndim == 1 else outputs[..., 0]
    return np.stack([threshold - column, column - threshold], axis=-1)


def metric_names(kind: TaskKind) -> tuple[str, ...]:
    """The built-in metrics of a kind of task; the first is its default."""
    return tuple(_METRICS[kind])


def direction_of(name: str) -> bool | None:
    """Whether more is better of the built-in metric of that name; None: there is none."""
    found = (metrics.get(name) for metrics in _METRICS.values())
    return next((each.higher_is_better for each in found if each), None)


def metric_for(task: Task) -> Metric:
    """The task's metric. A user's function takes (targets, outputs) and returns one number or one
    score per sample; higher is better unless it has an attribute `higher_is_better = False`.

    Raises ConfigError for a metric the task's kind does not have.
    """
    if is_reference(task.metric):
        return _custom(task.metric)
    known = _METRICS[task.kind]
    if task.metric not in known:
        raise ConfigError(
            f"{task.metric!r} is no metric of a {task.kind} task.",
            f'Known: {", ".join(known)}, or "{PREFIX}module:function".',
        )
    return known[task.metric]


def flat(values: Array) -> Array:
    """(n, ...) of any type as (n, k) doubles."""
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def _averaged(values: Array) -> Array:
    return np.asarray(values.mean(axis=1, keepdims=True))


def _correct(y: Array, outputs: Array) -> Array:
    """1.0 where the label is right; several labels a sample (segmentation) are averaged."""
    return _averaged(flat(predicted_labels(outputs) == y))


def _in_top5(y: Array, outputs: Array) -> Array:
    if outputs.ndim < 2 or outputs.shape[-1] <= 5:
        raise ConfigError("Metric 'top5' needs more than 5 classes.", 'Use metric = "accuracy".')
    best = np.argsort(-outputs, axis=-1, kind="stable")[..., :5]
    hit = (best == y[..., None]).any(axis=-1) & np.isfinite(outputs).all(axis=-1)
    return _averaged(flat(hit))


def _absolute(y: Array, outputs: Array) -> Array:
    return _averaged(np.abs(flat(outputs) - flat(y)))


def _squared(y: Array, outputs: Array) -> Array:
    return _averaged((flat(outputs) - flat(y)) ** 2)


def _r2_terms(y: Array, outputs: Array) -> Array:
    """(n, 3 k): squared errors, centred targets and their squares, for k outputs."""
    targets = flat(y)
    centred = targets - targets.mean(axis=0)
    return np.hstack([(flat(outputs) - targets) ** 2, centred, centred**2])


def _r2(means: Array) -> Array:
    """1 - residual / total variance, averaged over the outputs; 0 where targets do not vary."""
    error, mean, square = np.split(means, 3, axis=-1)
    total = square - mean**2
    ratio = np.divide(error, total, out=np.ones_like(error), where=total > 1e-12 * square)
    return np.asarray((1 - ratio).mean(axis=-1))


def _root(means: Array) -> Array:
    return np.asarray(np.sqrt(means[..., 0]))


_MAE = Metric("mae", higher_is_better=False, terms=_absolute)
_MSE = Metric("mse", higher_is_better=False, terms=_squared)
_RMSE = Metric("rmse", higher_is_better=False, terms=_squared, combine=_root)

_METRICS: Mapping[TaskKind, Mapping[str, Metric]] = {
    "classification": {
        "accuracy": Metric("accuracy", higher_is_better=True, terms=_correct),
        "top5": Metric("top5", higher_is_better=True, terms=_in_top5),
    },
    "regression": {
        "mae": _MAE,
        "mse": _MSE,
        "rmse": _RMSE,
        "r2": Metric("r2", higher_is_better=True, terms=_r2_terms, combine=_r2),
    },
    "reconstruction": {"mse": _MSE, "mae": _MAE, "rmse": _RMSE},
}


def _custom(source: str) -> Metric:
    higher = bool(getattr(function(source), "higher_is_better", True))

    def scores(y: Array, outputs: Array) -> Array:
        copies = (y.copy(), outputs.copy())  # what a user's function does to them is its own
        return _checked(source, call(source, copies, ConfigError), len(y))

    return Metric(source, higher, custom=scores)


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
