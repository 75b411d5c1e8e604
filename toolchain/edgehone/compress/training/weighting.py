"""What classes weigh in the loss of labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress.training.options import BALANCED
from edgehone.data import Array, DataSet
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.tasks.kinds import kind_of
from edgehone.values import Task


def class_weights(asked: str | Mapping[str, float], data: DataSet, task: Task) -> Array:
    """(classes,) float64. "balanced": n / (classes * samples of the class), so that all classes
    count the same and a training sample's mean weight is 1 (King & Zeng 2001). A table: weights of
    classes by name or label; 1 for those that it leaves out.

    Raises ConfigError for a task without one class a sample or place, and for unknown classes.
    """
    labels = np.asarray(data.train.y)
    several = labels.ndim > 1 and kind_of(task).ANSWER == "probabilities"
    if not data.class_count or labels.dtype.kind not in "iu" or several:
        raise ConfigError(
            f"class_weights need one class for each sample; the task is {task.kind}.",
            "Leave them out.",
        )
    if asked == BALANCED:
        counts = np.bincount(labels[(labels >= 0) & (labels < data.class_count)])
        counts = np.pad(counts, (0, data.class_count - len(counts)))
        return np.asarray(counts.sum() / ((counts > 0).sum() * np.maximum(counts, 1)))
    return _of_table(dict(asked), data)  # type: ignore[arg-type]  # options have checked it


def _of_table(asked: Mapping[str, float], data: DataSet) -> Array:
    labels = {str(label): label for label in range(data.class_count)}
    labels |= {name: label for label, name in enumerate(data.classes)}
    found = np.ones(data.class_count)
    for name, weight in asked.items():
        if name not in labels:
            known = ", ".join([*data.classes, *map(str, range(data.class_count))][:10])
            raise ConfigError(
                f"class_weights have a class {name!r}, which the data do not have.",
                f"Known: {known}.",
            )
        found[labels[name]] = weight
    return found


@dataclass(frozen=True)
class ClassWeighted:
    """A loss of (targets, predicted) -> scalar: the mean of `loss`, each sample or place times the
    weight of its class. table: (classes,); targets: labels (b, ...), with a last axis of length 1
    or without, or shares of classes (b, ..., classes).
    """

    loss: Any
    table: Array

    def __call__(self, targets: Any, predicted: Any) -> Any:
        """Of a batch."""
        weights = self._weights(targets, len(targets.shape) == len(predicted.shape))
        if isinstance(self.loss, backend.keras().losses.Loss):
            return self.loss(targets, predicted, sample_weight=weights)
        ops = backend.keras().ops
        found = self.loss(targets, predicted)
        return ops.mean(found * ops.reshape(weights, ops.shape(found)))

    def _weights(self, targets: Any, in_columns: bool) -> Any:
        """What each sample or place weighs, (b, ...)."""
        ops, classes = backend.keras().ops, len(self.table)
        table = ops.convert_to_tensor(self.table.astype(np.float32))
        if in_columns and targets.shape[-1] == classes:
            return ops.sum(targets * table, axis=-1)
        if len(targets.shape) > 1 and targets.shape[-1] == 1:
            targets = targets[..., 0]
        # A label that means that there is none costs nothing, whatever its weight.
        labels = ops.clip(ops.cast(targets, "int32"), 0, classes - 1)
        return ops.take(table, labels)
