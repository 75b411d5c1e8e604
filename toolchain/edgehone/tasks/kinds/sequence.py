"""One class for each step of a sequence: words, frames of audio, moments of a movement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks import classes
from edgehone.tasks.kinds._places import Places, place_accuracy
from edgehone.tasks.labels import VOID
from edgehone.tasks.outputs import predicted_labels
from edgehone.tasks.scoring import Metric, by_name


def _whole(y: Array, outputs: Array) -> Array:
    """(n, 1): whether every labelled step of a sequence has the right class."""
    right = (predicted_labels(outputs) == y) | (y == VOID)
    return np.asarray(right.reshape(len(y), -1).all(axis=1)[:, None], np.float64)


@dataclass(frozen=True)
class Sequence(Places):
    """One class for each step; labels (n, t) are integers from 0, or one-hot.

    padding: the label of steps beyond a sequence's end, such as -1; they do not count, nor are
    learned from.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        place_accuracy("step_accuracy"),
        Metric("sequence_accuracy", higher_is_better=True, terms=_whole),
    )
    CALLED: ClassVar[str] = "A sequence task"
    PLACE: ClassVar[str] = "step"
    OUTPUTS: ClassVar[str] = "(n, t, classes)"
    padding: int | None = None

    @property
    def void_label(self) -> int | None:
        """As set."""
        return self.padding

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels, and on accuracy where one class is common."""
        return classes.label_advice(y, metric, counts_all=True)
