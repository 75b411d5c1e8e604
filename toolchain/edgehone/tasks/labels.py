"""Class labels in the forms that they come in, and what is refused as none."""

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, are_texts, finite, fits, numeric, shape_text
from edgehone.system.settings import CLASSES, TASK

VOID = -1
"""The label of what has none, such as the padding of a sequence: nothing counts there."""


def labels_of(values: Array, name: str, output: Shape | None, void: int | None = None) -> Array:
    """Labels (n, ...) int64 of integers, whole floats, booleans, or one-hot rows (n, ..., k).

    output: the shape of the model's answer to one sample, which tells one-hot rows from labels of
    several positions; None: not known. void: the label of positions that have none, as rows of
    zeros have none, which become VOID. Raises DataError.
    """
    _require_no_texts(values, name)
    numbers = numeric(values, name)
    finite(numbers, name)
    numbers = _by_position(numbers, name, output, void)
    labels = numbers.astype(np.int64)
    if (labels != numbers).any():
        raise DataError(f"{name} has a label that is not an integer.", _measured())
    there = labels if void is None else labels[labels != void]
    if there.size and there.min() < 0:
        raise DataError(
            f"{name} has label {there.min()}, which is out of range.", _below_zero(there)
        )
    return labels if void is None else np.where(labels == void, VOID, labels)


def classes_of(output: Shape | None) -> int | None:
    """How many classes outputs of this shape tell apart; one column is the second of two."""
    if output is None:
        return None
    last = output[-1] if output else 1
    return None if last is None else max(last, 2)


def beyond_hint(lowest: int, highest: int, known: int) -> str:
    """What may be the matter with labels that a model of `known` classes lacks."""
    usual = f"Labels are integers from 0 to {known - 1}."
    if (lowest, highest) == (1, known):
        return f"{usual} These seem to count from 1: subtract 1."
    if highest == 255:
        return f"{usual} {_void(255)}"
    return usual


def _measured() -> str:
    return (
        "Number the classes from 0; for measured values (prices, ages, angles), set "
        f"{TASK.set('regression')}."
    )


def _below_zero(labels: Array) -> str:
    if set(np.unique(labels).tolist()) == {-1, 1}:
        return "Labels start at 0: of two classes, 0 and 1 (y = (y > 0).astype('int64'))."
    if labels.min() == -1:
        return f"Labels start at 0. {_void(-1)}"
    return "Labels start at 0."


def _void(label: int) -> str:
    kind = TASK.set(f"segmentation(void={label})")
    return f"If {label} marks places that have no label, set {kind}."


def _by_position(values: Array, name: str, output: Shape | None, void: int | None) -> Array:
    """One number for each position that gets a class."""
    if output is None:
        if values.ndim > 1 and values.shape[-1] > 1 and _is_one_hot(values):
            return np.asarray(values.argmax(axis=-1))
        return values[..., 0] if values.ndim > 1 and values.shape[-1] == 1 else values
    positions, shape = output[:-1], values.shape[1:]
    if fits(shape, positions):
        return values
    if fits(shape, (*positions, 1)):
        return values[..., 0]
    if fits(shape, (*positions, classes_of(output))):
        return _of_rows(values, name, void)
    raise DataError(
        f"{name} has shape {values.shape}, but the model's outputs have {shape_text(output)}.",
        f"Give labels of shape {shape_text(positions)}, or one-hot rows "
        f"{shape_text((*positions, classes_of(output)))}; "
        f"or set {TASK} to what the model does.",
    )


def _of_rows(values: Array, name: str, void: int | None) -> Array:
    """Labels of one-hot rows. Raises DataError for rows of several classes, or of shares."""
    if _is_one_hot(values):
        return np.asarray(values.argmax(axis=-1))
    empty = (values == 0).all(axis=-1)
    if void is not None and _is_one_hot(values[~empty]):
        return np.where(empty, void, values.argmax(axis=-1))
    if np.isin(values, (0, 1)).all():
        raise DataError(
            f"{name} has multi-label targets of shape {values.shape}: several classes in a sample, "
            "or none.",
            f"Set {TASK.set('multilabel')}.",
        )
    if (values >= 0).all() and np.allclose(values.sum(axis=-1), 1, atol=1e-3):
        raise DataError(
            f"{name} has shares of classes of shape {values.shape}, not labels.",
            "Give the most likely class of each: y = y.argmax(-1).",
        )
    raise DataError(
        f"{name} has numbers of shape {values.shape}, a whole row for each label.",
        _measured(),
    )


def _is_one_hot(values: Array) -> bool:
    return bool(np.isin(values, (0, 1)).all() and (values.sum(axis=-1) == 1).all())


def _require_no_texts(values: Array, name: str) -> None:
    if not are_texts(values):
        return
    found = np.unique(values.astype(str))
    shown = ", ".join(repr(str(each)) for each in found[:3]) + (", …" if len(found) > 3 else "")
    raise DataError(
        f"{name} has texts ({shown}) as labels, not numbers.",
        f"Name the classes in the order of the model's outputs, {_class_list(found)}; or number "
        "them from 0, and save their names beside: "
        "class_names, y = numpy.unique(y, return_inverse=True).",
    )


def _class_list(found: Array) -> str:
    """The key that names these classes, if they are few; else the key alone."""
    few = len(found) <= 10
    return CLASSES.set([str(each) for each in found]) if few else str(CLASSES)
