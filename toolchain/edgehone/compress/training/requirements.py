"""Whether training options fit the data, found out before work is spent."""

from edgehone.compress.training import augmentations
from edgehone.compress.training.options import TrainingOptions
from edgehone.compress.training.own_loss import known_loss
from edgehone.compress.training.weighting import class_weights
from edgehone.data import DataSet
from edgehone.values import Task


def require_fit(options: TrainingOptions, data: DataSet, task: Task) -> None:
    """Refuse options that cannot be had with these data: ConfigError."""
    augmentations.require_data(options.augment, data)
    if options.loss:
        known_loss(options.loss, options.loss_settings)
    if options.class_weights is not None:
        class_weights(options.class_weights, data, task)
