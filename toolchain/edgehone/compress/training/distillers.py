"""Keras's Distiller, with the penalties of the student's regularizers where they are asked for."""

from typing import Any

from edgehone.compress.training.options import TrainingOptions
from edgehone.graph import backend


def distiller(options: TrainingOptions) -> Any:
    """The class of a trainer that learns from a teacher."""
    base = backend.keras().distillation.Distiller
    if not options.regularizers:
        return base

    class PenalizingDistiller(base):  # type: ignore[misc,valid-type]  # Keras has no types
        def compute_loss(self, *args: Any, **settings: Any) -> Any:
            return super().compute_loss(*args, **settings) + sum(self.student.losses)

    return PenalizingDistiller
