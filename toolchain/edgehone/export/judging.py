"""What each output of a model is, and so by what two of its files are compared."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone import formats
from edgehone.formats._base import Array, Format
from edgehone.formats._dataflow import Role
from edgehone.tasks.kinds import Answer
from edgehone.tasks.outputs import predicted_labels, threshold_of

Kind = Answer


def kinds(
    float_file: Path,
    outputs: Sequence[Array],
    *,
    answer: Kind | None,
    targets: Array | None = None,
    form: Format | None = None,
) -> tuple[Kind, ...]:
    """What each output (n, …) is.

    answer: what the task's outputs are compared by; None where no task is set, and the model's own
    end tells: a softmax, or a single sigmoid. targets: what the data have; whole numbers from 0 to
    the number of columns are labels of linear outputs, too, and fractions make numbers of sigmoids.
    form: the file's format, by its ending or content if None.
    """
    ends = _ends(float_file, len(outputs), form)
    fractions = answer is None and _are_fractions(targets)
    return tuple(
        _kind(
            found,
            array,
            answer if len(outputs) == 1 or answer == "numbers" else None,
            _labels_of(array, targets),
            fractions=fractions,
        )
        for found, array in zip(ends, outputs, strict=True)
    )


def _kind(
    ends: frozenset[Role],
    outputs: Array,
    answer: Kind | None,
    labels: Array | None,
    *,
    fractions: bool = False,
) -> Kind:
    if answer == "numbers" or outputs.ndim < 2:
        return "numbers"
    if answer == "probabilities":  # logits are compared as numbers
        return "probabilities" if ends == {"sigmoid"} else "numbers"
    several = outputs.shape[-1] > 1
    if ends == {"sigmoid"}:
        if labels is not None:
            return "labels"
        if fractions or not (several or _are_both(predicted_labels(outputs, 0.5))):
            return "numbers"  # as a score is; and one label for all says nothing of a file
        return "probabilities" if several else "labels"
    if (ends == {"softmax"} and several) or (several and labels is not None):
        return "labels"
    return answer or "numbers"


def _are_fractions(targets: Array | None) -> bool:
    """Whether some targets are no whole numbers."""
    if targets is None or targets.dtype.kind != "f":
        return False
    return bool((targets != np.round(targets)).any())


def _are_both(labels: Array) -> bool:
    """Whether there is more than one label."""
    return bool((labels != labels.flat[0]).any()) if labels.size else False


def labels_fit(outputs: Array, targets: Array) -> bool:
    """Whether targets are labels of these outputs."""
    return _labels_of(outputs, targets) is not None


def _labels_of(outputs: Array, targets: Array | None) -> Array | None:
    """The targets, when they are labels of these outputs."""
    if targets is None or targets.dtype.kind not in "iu" or outputs.ndim < 2:
        return None
    classes = max(outputs.shape[-1], 2)
    fit = targets.shape == outputs.shape[:-1] and targets.size > 0
    return targets if fit and targets.min() >= 0 and targets.max() < classes else None


def thresholds(
    float_file: Path, outputs: Sequence[Array], form: Format | None = None
) -> tuple[float, ...]:
    """Of each output of the float model (n, …) that is one column, above which value the second
    class is meant: by the file's own end (a sigmoid, or a bare layer with weights), else by the
    values (`outputs.threshold_of`).
    """
    known = {frozenset({"sigmoid"}): 0.5, frozenset({"weights"}): 0.0}
    ends = _ends(float_file, len(outputs), form)
    return tuple(
        known.get(found, threshold_of(array)) for found, array in zip(ends, outputs, strict=True)
    )


def accuracy(
    outputs: Array, kind: Kind, targets: Array | None, threshold: float | None = None
) -> float | None:
    """The share of samples (or places) with the targets' label; None without labels."""
    labels = _labels_of(outputs, targets) if kind == "labels" else None
    if labels is None:
        return None
    return float(np.mean(predicted_labels(outputs, threshold) == labels))


def _ends(float_file: Path, count: int, form: Format | None) -> list[frozenset[Role]]:
    """For each output of a file, what makes it; nothing where the file does not say."""
    found = (form or formats.of_file(float_file)).ends(float_file)
    return found if len(found) == count else [frozenset()] * count
