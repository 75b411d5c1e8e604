"""Kinds of task whose outputs each say yes or no, by a sigmoid (or logit) of their own."""

from typing import Any, ClassVar

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks.kinds._base import Answer, Link, TaskKind
from edgehone.tasks.numeric import with_rank
from edgehone.tasks.outputs import decisions, positive, sigmoid, threshold_of


class Bernoulli(TaskKind):
    """0 or 1 for each output."""

    ANSWER: ClassVar[Answer] = "probabilities"
    LINK: ClassVar[Link] = "sigmoid"

    def training_targets(self, y: Array, rank: int) -> Array:
        """0.0 or 1.0 for each output."""
        return with_rank(y.astype(np.float32), rank)

    def loss(self, keras: Any, metric: str) -> Any:
        """Binary cross-entropy on logits."""
        return keras.losses.BinaryCrossentropy(from_logits=True)

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Binary Kullback-Leibler divergence of sigmoids of logits / temperature, averaged over the
        labels, times the square of the temperature (as Hinton et al. 2015, section 2, for softmax).
        """
        ops = keras.ops

        def loss(teacher: Any, student: Any) -> Any:
            t, s = teacher / temperature, student / temperature
            yes, no = ops.sigmoid(t), ops.sigmoid(-t)
            divergence = yes * (ops.log_sigmoid(t) - ops.log_sigmoid(s))
            divergence += no * (ops.log_sigmoid(-t) - ops.log_sigmoid(-s))
            return ops.mean(divergence) * temperature**2

        return loss

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean binary Kullback-Leibler divergence of all labels, in nats."""
        logits = self.are_logits(teacher)
        p, q = (positive(_both(each, logits=logits)) for each in (teacher, outputs))
        return float(np.mean(np.sum(p * (np.log(p) - np.log(q)), axis=-1)))

    def labels(self, outputs: Array, threshold: float | None = None) -> Array | None:
        """Yes or no for each label."""
        return decisions(outputs, threshold)

    def has_threshold(self, outputs: Array) -> bool:
        """Every output says yes or no by it."""
        return True

    def scores(self, outputs: Array, threshold: float) -> Array:
        """Probabilities, which are above 0.5 where the threshold is passed."""
        if threshold == 0:
            found = sigmoid(outputs)
        else:
            found = np.clip(np.asarray(outputs, np.float64) + (0.5 - threshold), 0, 1)
        return np.asarray(np.where(np.isfinite(outputs), found, np.nan))

    def agreement(self, outputs: Array, teacher: Array) -> float:
        """The fraction of labels that are decided alike."""
        least = threshold_of(teacher)
        return float(np.mean(self.labels(outputs, least) == self.labels(teacher, least)))

    def confidences(self, outputs: Array, *, logits: bool) -> Array | None:
        """Of each label, that it is not there and that it is."""
        return _both(outputs, logits=logits)

    def are_logits(self, outputs: Array) -> bool:
        """By their range."""
        return threshold_of(outputs) == 0


def _both(outputs: Array, *, logits: bool) -> Array:
    """(m, 2): for each output the probabilities of no and of yes."""
    yes = sigmoid(outputs) if logits else np.clip(np.asarray(outputs, np.float64), 0, 1)
    return np.stack([1 - yes.ravel(), yes.ravel()], axis=1)
