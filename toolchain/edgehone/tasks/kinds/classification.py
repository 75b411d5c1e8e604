"""One class of several for each sample, by softmax or logits; or one of two by a single column."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from edgehone.errors import ConfigError
from edgehone.system.numbers import Array, Shape
from edgehone.system.user_code import is_reference
from edgehone.tasks import classes
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Form
from edgehone.tasks.kinds._labelled import Labelled
from edgehone.tasks.labels import labels_of
from edgehone.tasks.outputs import (
    flat,
    predicted_labels,
)
from edgehone.tasks.scoring import Metric, averaged, by_name


def _correct(y: Array, outputs: Array) -> Array:
    """1.0 where the label is right; several labels a sample are averaged."""
    return averaged(flat(predicted_labels(outputs) == y))


def _in_top5(y: Array, outputs: Array) -> Array:
    if outputs.ndim < 2 or outputs.shape[-1] <= 5:
        raise ConfigError("Metric 'top5' needs more than 5 classes.", 'Use metric = "accuracy".')
    best = np.argsort(-outputs, axis=-1, kind="stable")[..., :5]
    hit = (best == y[..., None]).any(axis=-1) & np.isfinite(outputs).all(axis=-1)
    return averaged(flat(hit))


class Classification(Labelled):
    """One class of several for each sample; labels (n,) are integers from 0, or one-hot rows."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric("accuracy", higher_is_better=True, terms=_correct),
        Metric("top5", higher_is_better=True, terms=_in_top5),
    )
    FORM: ClassVar[Form] = "class"
    CLASS_SCORE: ClassVar[str] = "the share of its samples that are labelled right"
    CLASSIFIES: ClassVar[bool] = True

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Integer labels."""
        return labels_of(y, name, output)

    def strata(self, y: Array) -> Array | None:
        """The labels, so that each class gives its share."""
        return y if y.ndim == 1 else None

    def check(self, y: Array, outputs: Array) -> None:
        """Every label must be a column of the outputs."""
        classes.check_labels(y, outputs)

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterator[Constant]:
        """The commonest class; for a user's metric every common class, and the classes' shares."""
        shares = classes.class_shares(y, outputs)
        if metric == "top5":
            yield "always the five commonest classes", shares
            return
        own = is_reference(metric)
        yield from classes.always_one_class(y, outputs, classes.TRIED_CLASSES if own else 1)
        if own:
            yield "always the shares of the classes", classes.scores_of(shares, outputs)

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels, and on accuracy where one class is common."""
        return classes.label_advice(y, metric, counts_all=metric == "accuracy")
