"""What tasks whose answers are numbers have in common."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgehone.errors import DataError, ExecutionError
from edgehone.system.numbers import Array, Shape, shape_text
from edgehone.system.settings import TASK
from edgehone.tasks.classes import Constant
from edgehone.tasks.outputs import flat
from edgehone.tasks.scoring import Metric, averaged


def matching(y: Array, name: str, output: Shape | None) -> Array:
    """Numbers, if they are as many a sample as the model gives. Raises DataError."""
    if output is None or None in output:
        return y
    given = int(np.prod(y.shape[1:]))
    needed = int(np.prod([size or 0 for size in output]))
    if given != needed:
        raise DataError(
            f"{name} has shape {y.shape}, {given} numbers a sample, but the model gives "
            f"{needed}: its outputs have {shape_text(output)}.",
            f"Check that data and model belong together, and what {TASK} says.",
        )
    return y


def check_numbers(y: Array, outputs: Array) -> None:
    """Refuse outputs that are not as many as the targets (DataError), or are not numbers
    (ExecutionError).
    """
    require_same_width(flat(outputs), flat(y), "the targets")
    require_finite(outputs)


def require_finite(outputs: Array) -> None:
    """Refuse outputs that are not numbers: ExecutionError."""
    if not np.isfinite(outputs).all():
        raise ExecutionError(
            "The model's outputs are not all numbers (NaN or infinity).",
            "Look for overflow: float16 or an integer precision may be too narrow for it.",
        )


def require_same_width(found: Array, expected: Array, what: str) -> None:
    """Refuse outputs (n, k) that are not as many a sample as what they are held against."""
    if found.shape[1] != expected.shape[1]:
        raise DataError(
            f"The model gives {found.shape[1]} numbers a sample, "
            f"but {what} have {expected.shape[1]}.",
            f"Check that data and model belong together, and what {TASK} says.",
        )


def with_rank(y: Array, rank: int) -> Array:
    """Targets (n, ...) as (n, ..., 1) where the outputs have one axis more."""
    return y[..., None] if rank - y.ndim == 1 else y


def closeness(outputs: Array, teacher: Array) -> float:
    """1 - |outputs - teacher| / |teacher - its mean| in the Frobenius norm, and 0 where that is
    negative.
    """
    found, expected = flat(outputs), flat(teacher)
    require_same_width(found, expected, "the teacher's outputs")
    error = float(np.linalg.norm(found - expected))
    spread = float(np.linalg.norm(expected - expected.mean(axis=0)))
    if error == 0:
        return 1.0
    return max(0.0, 1 - error / spread) if spread else 0.0


def relative_error(teacher: Array, outputs: Array) -> float:
    """Mean squared error divided by the teacher's variance."""
    spread = float(np.var(teacher)) or 1.0
    return float(np.mean((teacher - outputs) ** 2)) / spread


def averages(y: Array) -> Iterator[Constant]:
    """The constant answers of least squared, and of least absolute, error."""
    numbers = np.asarray(y, np.float64)
    yield "the mean of the targets", numbers.mean(axis=0)
    yield "the median of the targets", np.median(numbers, axis=0)


def error_loss(keras: Any, metric: str) -> Any:
    """Absolute error for mae, else squared error."""
    return keras.losses.MeanAbsoluteError() if metric == "mae" else keras.losses.MeanSquaredError()


def _absolute(y: Array, outputs: Array) -> Array:
    return averaged(np.abs(flat(outputs) - flat(y)))


def _squared(y: Array, outputs: Array) -> Array:
    return averaged((flat(outputs) - flat(y)) ** 2)


def _root(means: Array) -> Array:
    return np.asarray(np.sqrt(means[..., 0]))


MAE = Metric("mae", higher_is_better=False, terms=_absolute)
MSE = Metric("mse", higher_is_better=False, terms=_squared)
RMSE = Metric("rmse", higher_is_better=False, terms=_squared, combine=_root)
