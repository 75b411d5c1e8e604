"""One class for each place in a sample, such as each pixel of an image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks import classes
from edgehone.tasks.kinds._places import Places, place_accuracy
from edgehone.tasks.labels import VOID
from edgehone.tasks.outputs import is_column, predicted_labels
from edgehone.tasks.scoring import Metric, by_name


def _mean_iou(y: Array, outputs: Array) -> Array:
    """(n, 1): intersection over union of predicted and true places, averaged over the classes that
    a sample has in either. Each sample has a score of its own, so that intervals are over samples:
    image-wise mIoU, Wang et al. 2023 (arXiv:2310.19252), section 3.
    """
    truth = y.reshape(len(y), -1)
    found = np.where(truth == VOID, VOID, predicted_labels(outputs).reshape(len(y), -1))
    count = 2 if is_column(outputs) else outputs.shape[-1]
    total, present = np.zeros(len(y)), np.zeros(len(y))
    for label in range(count):
        wanted, given = truth == label, found == label
        union = (wanted | given).sum(axis=1)
        ratio = (wanted & given).sum(axis=1) / np.maximum(union, 1)
        total += ratio
        present += union > 0
    return (total / np.maximum(present, 1))[:, None]


@dataclass(frozen=True)
class Segmentation(Places):
    """One class for each place in a sample; labels (n, h, w) are integers from 0, or one-hot.

    void: the label of places that have none, such as 255; they do not count, nor are learned from.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric("mean_iou", higher_is_better=True, terms=_mean_iou),
        place_accuracy("pixel_accuracy"),
    )
    CALLED: ClassVar[str] = "A segmentation"
    PLACE: ClassVar[str] = "place"
    OUTPUTS: ClassVar[str] = "(n, h, w, classes)"
    void: int | None = None

    @property
    def void_label(self) -> int | None:
        """As set."""
        return self.void

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels, and on pixel accuracy where one class is common."""
        return classes.label_advice(y, metric, counts_all=metric == "pixel_accuracy")
