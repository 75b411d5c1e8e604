"""One class for each place in a sample, such as each pixel of an image."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, shape_text
from edgehone.system.settings import TASK
from edgehone.tasks import classes
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._labelled import Labelled
from edgehone.tasks.labels import labels_of
from edgehone.tasks.outputs import (
    flat,
    is_column,
    predicted_labels,
)
from edgehone.tasks.scoring import Metric, averaged, by_name


def _right_places(y: Array, outputs: Array) -> Array:
    """(n, 1): the share of each sample's places that have the right class."""
    return averaged(flat(predicted_labels(outputs) == y))


def _mean_iou(y: Array, outputs: Array) -> Array:
    """(n, 1): intersection over union of predicted and true places, averaged over the classes that
    a sample has in either. Each sample has a score of its own, so that intervals are over samples:
    image-wise mIoU, Wang et al. 2023 (arXiv:2310.19252), section 3.
    """
    truth = y.reshape(len(y), -1)
    found = predicted_labels(outputs).reshape(len(y), -1)
    count = 2 if is_column(outputs) else outputs.shape[-1]
    total, present = np.zeros(len(y)), np.zeros(len(y))
    for label in range(count):
        wanted, given = truth == label, found == label
        union = (wanted | given).sum(axis=1)
        ratio = (wanted & given).sum(axis=1) / np.maximum(union, 1)
        total += ratio
        present += union > 0
    return (total / np.maximum(present, 1))[:, None]


class Segmentation(Labelled):
    """One class for each place in a sample; labels (n, h, w) are integers from 0, or one-hot."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric("mean_iou", higher_is_better=True, terms=_mean_iou),
        Metric("pixel_accuracy", higher_is_better=True, terms=_right_places),
    )
    CLASS_SCORE: ClassVar[str] = "the share of its places that are found, averaged over samples"

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Integer labels (n, h, w)."""
        if output is not None and len(output) < 2:
            raise DataError(
                f"A segmentation gives scores for each place, but the model's outputs have "
                f"{shape_text(output)}.",
                f"Set {TASK.set('classification')} for one class a sample, or "
                "give a model with outputs (n, h, w, classes).",
            )
        return labels_of(y, name, output)

    def check(self, y: Array, outputs: Array) -> None:
        """Every place must have a label, and every label a column of the outputs."""
        if y.ndim < 2:
            raise DataError(
                f"Labels of a segmentation have shape {y.shape}: one for each sample.",
                f"Give one for each place, or set {TASK.set('classification')}.",
            )
        classes.check_labels(y, outputs)

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterator[Constant]:
        """One class everywhere, for every common class; and each place's commonest class."""
        yield from classes.always_one_class(y, outputs, classes.TRIED_CLASSES)
        count = 2 if is_column(outputs) else outputs.shape[-1]
        votes = np.stack([(y == label).mean(axis=0) for label in range(count)], axis=-1)
        usual = np.eye(count)[votes.argmax(axis=-1)]
        answer = usual[..., 1:] if is_column(outputs) else usual
        yield "always each place's commonest class", answer

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels, and on pixel accuracy where one class is common."""
        return classes.label_advice(y, metric, counts_all=metric == "pixel_accuracy")
