"""Kinds of task that give one class of several, for each sample or for each place in it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from edgehone.system.numbers import Array, Shape
from edgehone.tasks import classes
from edgehone.tasks.kinds._base import Answer, Link, TaskKind
from edgehone.tasks.outputs import (
    are_logits,
    is_column,
    mean_divergence,
    predicted_labels,
    probabilities_of,
    threshold_of,
)


class Labelled(TaskKind):
    """One class of several; labels are integers from 0, for each sample (n,) or place (n, ...)."""

    ANSWER: ClassVar[Answer] = "labels"
    LINK: ClassVar[Link] = "softmax"

    def class_count(
        self,
        targets: Mapping[str, Array],
        names: tuple[str, ...],
        source: str,
        output: Shape | None,
    ) -> int:
        """The model's, or the data's, after checking that every label is one of them."""
        return classes.class_count_of(targets, names, source, output)

    def training_targets(self, y: Array, rank: int) -> Array:
        """Labels as int32."""
        return y.astype(np.int32)

    def loss(self, keras: Any, metric: str) -> Any:
        """Cross-entropy on logits, averaged over places."""
        return classes.hard_label_loss(keras)

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Divergence of softened answers, averaged over places, times the square of temperature."""
        return classes.soft_label_loss(keras, temperature)

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean Kullback-Leibler divergence in nats (Hinton et al. 2015, temperature 1)."""
        return mean_divergence(teacher, outputs)

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
        """The share of each sample's places of a class that have the right label."""
        return classes.scores_by_class(y, outputs, threshold)

    def confidences(self, outputs: Array, *, logits: bool) -> Array | None:
        """Class probabilities."""
        return probabilities_of(outputs, logits=logits)

    def are_logits(self, outputs: Array) -> bool:
        """By their range and sum."""
        return are_logits(outputs)
