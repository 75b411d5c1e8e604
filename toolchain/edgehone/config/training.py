"""How models are trained, as the tables of a project say it."""

from edgehone.compress.training.options import USUAL, TrainingOptions
from edgehone.config.sections import DataSection


def options_of(data: DataSection | None) -> TrainingOptions:
    """What `[data]` says of training; the usual where it says nothing."""
    if data is None:
        return USUAL
    return TrainingOptions(augment=data.augment, class_weights=data.class_weights)
