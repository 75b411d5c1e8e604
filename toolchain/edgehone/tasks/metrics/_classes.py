"""What metrics of classes share: counts, scores by class, and the constant answers."""

from collections.abc import Iterator

import numpy as np

from edgehone.system.numbers import Array
from edgehone.tasks import found
from edgehone.tasks.classes import (
    TRIED_CLASSES,
    Constant,
    always_one_class,
    class_shares,
    scores_of,
)
from edgehone.tasks.kinds import TaskKind
from edgehone.tasks.outputs import is_column, probabilities_of, rows

BOTH = "samples of a class and samples of others"
"""What curves of ranked samples need."""


def counts(kind: TaskKind, y: Array, outputs: Array) -> Array:
    """(n, 3, k): hits, false positives and misses of each class (`found.of_classes`)."""
    labels = kind.labels(outputs)
    if labels is None:
        raise TypeError(f"{type(kind).__name__} has the form {kind.FORM!r}, but no labels.")
    return found.of_classes(y, labels.reshape(y.shape), class_count(outputs))


def class_count(outputs: Array) -> int:
    """How many classes outputs (n, ...) tell apart."""
    return 2 if is_column(outputs) else int(outputs.shape[-1])


def ranked(kind: TaskKind, y: Array, outputs: Array) -> tuple[Array, Array]:
    """(m, k) whether each sample has each label, and (m, k) the scores for it: of one question a
    single column, and of two classes that of the second, of more the probability of each (one
    against the rest).
    """
    if kind.FORM in ("yes or no", "score"):
        return y.reshape(-1, 1), np.asarray(outputs, np.float64).reshape(-1, 1)
    if kind.FORM == "labels":
        return rows(y), rows(outputs)
    scores = rows(outputs)
    if scores.shape[1] == 1:
        return y.reshape(-1, 1) == 1, scores
    if scores.shape[1] == 2:
        return y.reshape(-1, 1) == 1, scores[:, 1:] - scores[:, :1]
    inside = np.nanmin(scores, initial=0.0) >= 0 and np.nanmax(scores, initial=1.0) <= 1
    shares = scores if inside else probabilities_of(scores, logits=True)
    # what differs by rounding alone is equal
    return y.reshape(-1, 1) == np.arange(scores.shape[1]), shares.astype(np.float32)


def blind(kind: TaskKind, y: Array, outputs: Array) -> Iterator[Constant]:
    """The kind's constant answers; each common class; and each sample given the labels of another,
    which alone has some of every class, as metrics reward that weigh the classes alike.
    """
    yield from kind.constants(y, outputs, "")
    yield from always_one_class(y, outputs, TRIED_CLASSES)
    order = np.random.default_rng(0).permutation(len(y))
    classes = np.eye(class_count(outputs), dtype=np.float32)[np.maximum(y[order], 0)]
    answer = classes[..., 1:] if is_column(outputs) else classes
    yield "giving each sample the label of another", answer.reshape(outputs.shape)


def same_scores(kind: TaskKind, y: Array, outputs: Array) -> Iterator[Constant]:
    """The same scores for every sample: how common the classes, or the labels, are."""
    if kind.FORM == "labels":
        yield "always the base rates of the labels", y.mean(axis=0)
    elif kind.FORM == "class":
        yield "always the shares of the classes", scores_of(class_shares(y, outputs), outputs)
    else:
        yield "always the same score", np.full(outputs.shape[1:] or (1,), float(y.mean()))
