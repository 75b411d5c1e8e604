"""What a model's outputs mean: labels, the threshold of one column, probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_BLURRED = 0.1
"""Share of equal chances that divergences mix in at most."""

SMALLEST = 1e-7
"""Probabilities are kept this far from 0, as Keras's own losses do."""


def is_column(outputs: Array) -> bool:
    """Whether outputs (n, ...) are one sigmoid, or one logit, for each label."""
    return bool(outputs.ndim == 1 or outputs.shape[-1] == 1)


def threshold_of(outputs: Array) -> float:
    """Above which value of one column the second class is meant: 0 of logits, which leave [0, 1],
    and 0.5 of probabilities. Ask it of a model's float outputs, and hold all its files by it.
    """
    known = outputs[np.isfinite(outputs)]
    is_logit = known.size and (known.min() < 0 or known.max() > 1)
    return 0.0 if is_logit else 0.5


def predicted_labels(outputs: Array, threshold: float | None = None) -> Array:
    """Labels of (n, ..., k) class scores, or of one sigmoid (or logit) column: (n, ...) integers.

    threshold: of one column, as `threshold_of` the float model's outputs; None: as these look.
    Ties go to the first class, as in an application's argmax; outputs that are not numbers get
    label -1, which is nobody's.
    """
    if is_column(outputs):
        return decisions(outputs if outputs.ndim == 1 else outputs[..., 0], threshold)
    labels = outputs.argmax(axis=-1)
    return np.asarray(np.where(np.isfinite(outputs).all(axis=-1), labels, -1))


def decisions(outputs: Array, threshold: float | None = None) -> Array:
    """1 (yes) where an output, each a sigmoid or logit of its own, is above the threshold, else 0,
    in the shape of the outputs; -1 where it is not a number. threshold: see `predicted_labels`.
    """
    least = threshold_of(outputs) if threshold is None else threshold
    return np.where(np.isfinite(outputs), outputs > least, -1).astype(np.int64)


def two_scores(outputs: Array, threshold: float) -> Array:
    """One column (n, ...) or (n, ..., 1) as scores of both classes (n, ..., 2) with the same
    labels, which no longer depend on the range of the values.
    """
    column = outputs if outputs.ndim == 1 else outputs[..., 0]
    return np.stack([threshold - column, column - threshold], axis=-1)


def flat(values: Array) -> Array:
    """(n, ...) of any type as (n, k) doubles."""
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def rows(outputs: Array) -> Array:
    """(n, ..., k) as (m, k) doubles, one row for each label; a vector is one column."""
    columns = outputs.shape[-1] if outputs.ndim > 1 else 1
    return np.asarray(outputs, np.float64).reshape(-1, columns)


def sigmoid(logits: Array) -> Array:
    """Probabilities of logits of any shape, in doubles."""
    return np.asarray(1 / (1 + np.exp(-np.clip(np.asarray(logits, np.float64), -700, 700))))


def are_logits(outputs: Array) -> bool:
    """Whether class scores are no probabilities, by their range and, if several, their sum."""
    if outputs.min() < 0 or outputs.max() > 1 + 1e-3:
        return True
    return not is_column(outputs) and not np.allclose(outputs.sum(axis=-1), 1, atol=1e-2)


def probabilities_of(outputs: Array, *, logits: bool) -> Array:
    """(m, k) probabilities of outputs (..., k), or of one column, whose second class it tells."""
    values = rows(outputs)
    if values.shape[1] == 1:
        second = sigmoid(values) if logits else np.clip(values, 0, 1)
        return np.hstack([1 - second, second])
    if logits:
        values = np.exp(values - values.max(axis=-1, keepdims=True))
    # int8 probabilities do not add up to 1 exactly
    return np.asarray(values / np.maximum(values.sum(axis=-1, keepdims=True), 1e-12))


def mean_divergence(teacher: Array, outputs: Array) -> float:
    """Mean Kullback-Leibler divergence in nats from the class probabilities of outputs (..., k) to
    those of the teacher's, which says for both whether they are logits.
    """
    logits = are_logits(teacher)
    p, q = (blurred(probabilities_of(each, logits=logits)) for each in (teacher, outputs))
    return float(np.mean(np.sum(p * (np.log(p) - np.log(q)), axis=-1)))


def blurred(probabilities: Array) -> Array:
    """Rows of probabilities (m, k) with a share of equal chances, the same for all: what 8-bit
    probabilities cannot tell from 0 counts little, where its logarithm would count for much.
    """
    classes = probabilities.shape[-1]
    share = min(classes / 256, MOST_BLURRED)
    return np.asarray((1 - share) * positive(probabilities) + share / classes)


def positive(probabilities: Array) -> Array:
    """Rows of probabilities (m, k), none of them 0."""
    values = np.clip(probabilities, SMALLEST, None)
    return np.asarray(values / values.sum(axis=1, keepdims=True))
