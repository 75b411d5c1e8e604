"""What tasks of one class for each sample, or each place in it, have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgehone import units
from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape
from edgehone.system.settings import METRIC, TASK
from edgehone.tasks.labels import VOID, beyond_hint, classes_of
from edgehone.tasks.outputs import is_column, predicted_labels, two_scores

Constant = tuple[str, Array]
"""An answer in words, and the outputs of one sample that stand for it, or of all (n, ...)."""

TRIED_CLASSES = 20
"""Most classes of which each is tried as the constant answer of a user's own metric."""

ONE_SIDED = 0.8
"""Share of the commonest class from which on a metric that counts all labels says little."""


def check_labels(y: Array, outputs: Array, *, void: bool = False) -> None:
    """Refuse labels (n, ...) that class scores (n, ..., k) do not have: DataError. void: whether
    places may have none.
    """
    classes = 2 if is_column(outputs) else outputs.shape[-1]
    shape = outputs.shape if outputs.ndim == 1 else outputs.shape[:-1]
    if y.shape != shape:
        raise DataError(
            f"Labels have shape {y.shape}, the model's outputs {outputs.shape}.",
            f"Give one label for each row of class scores, or set {TASK} to what the model does.",
        )
    lowest, highest = int(y.min()), int(y.max())
    if lowest < (VOID if void else 0) or highest >= classes:
        wrong = highest if highest >= classes else lowest
        raise DataError(
            f"Label {wrong} is out of range: the model has {classes} classes.",
            f"Labels are integers from 0 to {classes - 1}.",
        )


def class_count_of(
    targets: Mapping[str, Array], names: tuple[str, ...], source: str, output: Shape | None
) -> int:
    """How many classes there are, after checking that every label (of targets, by split) is one of
    the model's, whose answer to one sample has the shape `output`. Raises DataError.
    """
    known = classes_of(output)
    if known is not None:
        require_names(names, source, known)
    known = known or len(names) or None
    highest = {split: int(y.max()) for split, y in targets.items()}
    labelled = {split: y[y != VOID] for split, y in targets.items()}
    lowest = min(int(y.min()) for y in labelled.values())
    for split, label in highest.items():
        if known is not None and label >= known:
            raise DataError(
                f"Label {label} in the {split} split of {source} is out of range: "
                f"{'the data name' if names else 'the model has'} {known} classes.",
                beyond_hint(lowest, max(highest.values()), known),
            )
    for split, y in labelled.items():
        if split != "validation" and (y == y[:1]).all():
            only = int(y[0])
            raise DataError(
                f"The {split} split of {source} has one class only "
                f"({names[only] if names else only}).",
                "There is nothing to learn from them; check the labels.",
            )
    return known or max(highest.values()) + 1


def require_names(names: Sequence[str], source: str, known: int) -> None:
    """Refuse names of more or fewer classes than the model has: DataError."""
    if names and len(names) != known:
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise DataError(
            f"{source} has {len(names)} classes ({listed}), but the model has {known}.",
            "Labels count the classes by name, so each must be there, in the order of training.",
        )


def canonical(outputs: Array, threshold: float) -> Array:
    """Class scores; of one column those of both classes, by this threshold."""
    return two_scores(outputs, threshold) if is_column(outputs) else outputs


def scores_by_class(y: Array, outputs: Array, threshold: float) -> dict[int, Array]:
    """For each class, one score in [0, 1] for every sample that it occurs in, (m,): the share of
    its positions that are labelled right. No class where outputs are no class scores of y.
    """
    predicted = predicted_labels(outputs, threshold)
    if predicted.shape != y.shape:
        return {}
    right = (predicted == y).reshape(len(y), -1)
    found = {}
    for label in np.unique(y[y != VOID]).tolist():
        of_class = (y == label).reshape(len(y), -1)
        there = of_class.any(axis=1)
        hits = (right & of_class)[there].sum(axis=1)
        found[int(label)] = np.asarray(hits / of_class[there].sum(axis=1))
    return found


def always_one_class(y: Array, outputs: Array, tried: int) -> Iterator[Constant]:
    """Answers that give everything the same class: the commonest `tried` ones, commonest first."""
    shares = class_shares(y, outputs)
    for label in np.argsort(-shares, kind="stable")[:tried]:
        yield f"always class {label}", scores_of(np.eye(len(shares))[label], outputs)


def class_shares(y: Array, outputs: Array) -> Array:
    """(classes,): how often each class occurs among the labels, in [0, 1]."""
    counts = np.bincount(np.asarray(y[y != VOID], np.int64))
    width = max(len(counts), 2 if is_column(outputs) else outputs.shape[-1])
    return np.asarray(np.pad(counts, (0, width - len(counts))) / counts.sum())


def scores_of(answer: Array, outputs: Array) -> Array:
    """Scores (classes,) as outputs have them: the second class's alone for one column."""
    return answer[1:2] if is_column(outputs) else answer


def label_advice(y: Array, metric: str, *, counts_all: bool) -> str:
    """What may be wrong where a model that labels only guesses. counts_all: the metric gives every
    label the same weight, so that it says little where one class is common.
    """
    counts = np.bincount(np.asarray(y[y != VOID], np.int64))
    share = counts.max() / counts.sum()
    if not counts_all or share < ONE_SIDED:
        return "Check that the labels are numbered in the order it was trained with."
    return (
        f"{units.percent(share, 0)} of the labels are one class, where {metric} says little: "
        f"name a metric of your own, {METRIC.set('python:module:function')}. "
        "Check the order of the labels."
    )


def hard_label_loss(keras: Any, void: int | None = None) -> Any:
    """Cross-entropy of integer labels and logits, places of the label `void` left out."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=void)


def soft_label_loss(keras: Any, temperature: float) -> Any:
    """Kullback-Leibler divergence of softmaxes of logits / temperature, times its square. Hinton
    et al. 2015, section 2.
    """
    # An instance, because Keras 3.15 takes the word "kl_divergence" for a function of raw logits:
    # the divergence can then fall below zero.
    divergence = keras.losses.KLDivergence()

    def loss(teacher: Any, student: Any) -> Any:
        softened = [
            keras.ops.softmax(keras.ops.divide(logits, temperature), axis=-1)
            for logits in (teacher, student)
        ]
        return divergence(*softened) * temperature**2

    return loss
