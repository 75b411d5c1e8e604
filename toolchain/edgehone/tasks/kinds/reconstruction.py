"""The samples again, as autoencoders give them; or other samples, as those that remove noise do."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from edgehone.system.numbers import Array, Shape
from edgehone.tasks import numeric
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import TaskKind
from edgehone.tasks.numeric import MAE, MSE, RMSE
from edgehone.tasks.scoring import Metric, by_name


class Reconstruction(TaskKind):
    """The samples again; targets are the samples, or of their shape and scaled as they are."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(MSE, MAE, RMSE)
    TARGETS_ARE_SAMPLES: ClassVar[bool] = True

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Samples as the model takes them, unchanged."""
        return numeric.fitting(y, name, output)

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
        """Mean and median of the samples."""
        return numeric.averages(y)
