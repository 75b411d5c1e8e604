"""Kinds of task whose targets are numbers, and errors their distance to the outputs."""

from collections.abc import Iterable
from typing import Any

from edgehone.system.numbers import Array
from edgehone.tasks import numeric
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import TaskKind


class Numbers(TaskKind):
    """As many numbers for each sample as the model gives."""

    def check(self, y: Array, outputs: Array) -> None:
        """As many numbers, and all finite."""
        numeric.check_numbers(y, outputs)

    def loss(self, keras: Any, metric: str) -> Any:
        """Absolute error for mae, else squared error."""
        return numeric.error_loss(keras, metric)

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Squared error to the teacher's outputs."""
        return keras.losses.get("mse")

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean squared error divided by the teacher's variance."""
        return numeric.relative_error(teacher, outputs)

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterable[Constant]:
        """Mean and median of the targets."""
        return numeric.averages(y)
