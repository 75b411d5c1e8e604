"""How models are trained, as the tables of a project say it."""

from edgehone.compress.training.options import USUAL, TrainingOptions
from edgehone.config.sections import DataSection


def options_of(data: DataSection | None) -> TrainingOptions:
    """What `[data]` says of training; the usual where it says nothing."""
    return USUAL if data is None else TrainingOptions(augment=data.augment)
