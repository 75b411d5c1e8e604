"""Kinds of task that give a class to each place in a sample, of which some may have no label."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, shape_text
from edgehone.system.settings import TASK
from edgehone.tasks import classes
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Form
from edgehone.tasks.kinds._labelled import Labelled
from edgehone.tasks.labels import VOID, labels_of
from edgehone.tasks.outputs import is_column, predicted_labels
from edgehone.tasks.scoring import Metric


class Places(Labelled):
    """Labels (n, ...) for outputs (n, ..., classes); VOID where there is none."""

    FORM: ClassVar[Form] = "places"
    CLASS_SCORE: ClassVar[str] = "the share of its places that are found, averaged over samples"
    CALLED: ClassVar[str]
    PLACE: ClassVar[str]
    OUTPUTS: ClassVar[str]
    """What sentences call the task, a place, and the shape of outputs."""

    @property
    @abstractmethod
    def void_label(self) -> int | None:
        """The label in the data of places that have none."""

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Integer labels, VOID where there is none."""
        if output is not None and len(output) < 2:
            raise DataError(
                f"{self.CALLED} gives scores for each {self.PLACE}, but the model's outputs have "
                f"{shape_text(output)}.",
                f"Set {TASK.set('classification')} for one class a sample, or give a model with "
                f"outputs {self.OUTPUTS}.",
            )
        found = labels_of(y, name, output, self.void_label)
        empty = (found == VOID).reshape(len(found), -1).all(axis=1)
        if empty.any():
            raise DataError(
                f"Sample {int(empty.argmax())} of {name} has no label at any {self.PLACE}.",
                "Leave such samples out: they say nothing about a model.",
            )
        return found

    def check(self, y: Array, outputs: Array) -> None:
        """Every place must have a label, or none, and every label a column of the outputs."""
        if y.ndim < 2:
            raise DataError(
                f"Labels of {self.CALLED.lower()} have shape {y.shape}: one for each sample.",
                f"Give one for each {self.PLACE}, or set {TASK.set('classification')}.",
            )
        classes.check_labels(y, outputs, void=self.void_label is not None)

    def loss(self, keras: Any, metric: str) -> Any:
        """Cross-entropy on logits, averaged over the places that have a label."""
        return classes.hard_label_loss(keras, None if self.void_label is None else VOID)

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterator[Constant]:
        """One class everywhere, for every common class; and each place's commonest class."""
        yield from classes.always_one_class(y, outputs, classes.TRIED_CLASSES)
        count = 2 if is_column(outputs) else outputs.shape[-1]
        votes = np.stack([(y == label).mean(axis=0) for label in range(count)], axis=-1)
        usual = np.eye(count)[votes.argmax(axis=-1)]
        answer = usual[..., 1:] if is_column(outputs) else usual
        yield "always each place's commonest class", answer


def _right_places(y: Array, outputs: Array) -> Array:
    """(n, 1): the share of each sample's labelled places that have the right class."""
    right = (predicted_labels(outputs) == y) & (y != VOID)
    hits, there = (each.reshape(len(y), -1).sum(axis=1) for each in (right, y != VOID))
    return np.asarray((hits / np.maximum(there, 1))[:, None])


def place_accuracy(name: str) -> Metric:
    """The share of places with the right class, averaged over the samples."""
    return Metric(name, higher_is_better=True, terms=_right_places)
