"""The samples again, as autoencoders give them; or other samples, as those that remove noise do."""

from collections.abc import Mapping
from typing import ClassVar

from edgehone.system.numbers import Array, Shape
from edgehone.tasks import numeric
from edgehone.tasks.kinds._numbers import Numbers
from edgehone.tasks.numeric import MAE, MSE, RMSE
from edgehone.tasks.scoring import Metric, by_name


class Reconstruction(Numbers):
    """The samples again; targets are the samples, or of their shape and scaled as they are."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(MSE, MAE, RMSE)
    TARGETS_ARE_SAMPLES: ClassVar[bool] = True

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Samples as the model takes them, unchanged."""
        return numeric.matching(y, name, output)
