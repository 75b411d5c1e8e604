"""One class of several for each sample, by softmax or logits; or one of two by a single column."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from edgehone.errors import ConfigError
from edgehone.system.numbers import Array, Shape
from edgehone.system.user_code import is_reference
from edgehone.tasks import classes
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Answer, Link, TaskKind
from edgehone.tasks.labels import labels_of
from edgehone.tasks.outputs import (
    are_logits,
    flat,
    is_column,
    mean_divergence,
    predicted_labels,
    probabilities_of,
    threshold_of,
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


class Classification(TaskKind):
    """One class of several for each sample; labels (n,) are integers from 0, or one-hot rows."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric("accuracy", higher_is_better=True, terms=_correct),
        Metric("top5", higher_is_better=True, terms=_in_top5),
    )
    ANSWER: ClassVar[Answer] = "labels"
    LINK: ClassVar[Link] = "softmax"
    CLASS_SCORE: ClassVar[str] = "the share of its samples that are labelled right"
    CLASSIFIES: ClassVar[bool] = True

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Integer labels."""
        return labels_of(y, name, output)

    def strata(self, y: Array) -> Array | None:
        """The labels, so that each class gives its share."""
        return y if y.ndim == 1 else None

    def class_count(
        self,
        targets: Mapping[str, Array],
        names: tuple[str, ...],
        source: str,
        output: Shape | None,
    ) -> int:
        """The model's, or the data's, after checking that every label is one of them."""
        return classes.class_count_of(targets, names, source, output)

    def check(self, y: Array, outputs: Array) -> None:
        """Every label must be a column of the outputs."""
        classes.check_labels(y, outputs)

    def training_targets(self, y: Array, rank: int) -> Array:
        """Labels as int32."""
        return y.astype(np.int32)

    def loss(self, keras: Any, metric: str) -> Any:
        """Cross-entropy on logits."""
        return classes.hard_label_loss(keras)

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Divergence of softened answers, times the square of the temperature."""
        return classes.soft_label_loss(keras, temperature)

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean Kullback-Leibler divergence in nats (Hinton et al. 2015, temperature 1)."""
        return mean_divergence(teacher, outputs)

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

    def labels(self, outputs: Array, threshold: float | None = None) -> Array | None:
        """The class of the highest score."""
        return predicted_labels(outputs, threshold)

    def has_threshold(self, outputs: Array) -> bool:
        """One column says which of two classes is meant."""
        return is_column(outputs)

    def scores(self, outputs: Array, threshold: float) -> Array:
        """Scores of all classes."""
        return classes.canonical(outputs, threshold)

    def agreement(self, outputs: Array, teacher: Array) -> float:
        """The fraction of equal labels."""
        least = threshold_of(teacher)
        same = predicted_labels(outputs, least) == predicted_labels(teacher, least)
        return float(same.mean())

    def scores_by_class(self, y: Array, outputs: Array, threshold: float) -> Mapping[int, Array]:
        """Whether the label is right, by the class it should be."""
        return classes.scores_by_class(y, outputs, threshold)

    def confidences(self, outputs: Array, *, logits: bool) -> Array | None:
        """Class probabilities."""
        return probabilities_of(outputs, logits=logits)

    def are_logits(self, outputs: Array) -> bool:
        """By their range and sum."""
        return are_logits(outputs)

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels, and on accuracy where one class is common."""
        return classes.label_advice(y, metric, counts_all=metric == "accuracy")
