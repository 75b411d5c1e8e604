"""What the outputs of two models are worth in parts: pairs of classes, thresholds, each output."""

from typing import Any

import numpy as np

from edgehone.stats import mean_ci
from edgehone.system.numbers import Array
from edgehone.tasks import found
from edgehone.tasks.kinds import TaskKind
from edgehone.tasks.outputs import flat, is_column, threshold_of
from edgehone.tasks.ranking import auc, steps

MOST_CLASSES = 30
"""Up to so many classes every pair is kept, beyond only the pairs that are confused most."""

MOST_PAIRS = 50
MOST_POINTS = 101
MOST_OUTPUTS = 50


def breakdown(kind: TaskKind, y: Array, reference: Array, outputs: Array) -> dict[str, Any]:
    """Beside the scores of reference and outputs (n, ...) on targets y, as far as the kind of task
    has them; nothing where outputs are not all numbers.

    {"confusion": {"classes": how many, "cells": [[true, given, before, after]]}, in places;
    "roc": {"before": {"auc", "fpr": [], "tpr": []}, "after": …};
    "outputs": [{"output", "before", "after", "drop", "drop_ci95"}], in mean absolute errors}
    """
    if not (np.isfinite(reference).all() and np.isfinite(outputs).all()):
        return {}
    if kind.FORM in ("class", "places", "yes or no"):
        cells = _confusion(kind, y, reference, outputs)
        curves = _curves(y, reference, outputs) if kind.FORM == "yes or no" else None
        return _known(confusion=cells, roc=curves)
    if kind.FORM == "score":
        return _known(roc=_curves(y, reference, outputs))
    if kind.FORM == "numbers":
        return _known(outputs=_outputs(flat(y), flat(reference), flat(outputs)))
    return {}


def _known(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part}


def _confusion(kind: TaskKind, y: Array, reference: Array, outputs: Array) -> dict[str, Any] | None:
    count = 2 if is_column(reference) else int(reference.shape[-1])
    least = threshold_of(reference)
    labels = [kind.labels(each, least) for each in (reference, outputs)]
    if any(each is None or each.shape != y.shape for each in labels):
        return None
    before, after = (found.confusion(y, each, count) for each in labels if each is not None)
    there = np.argwhere((before + after) > 0)
    if count > MOST_CLASSES:
        wrong = there[there[:, 0] != there[:, 1]]
        sizes = np.maximum(before, after)[wrong[:, 0], wrong[:, 1]]
        there = wrong[np.argsort(-sizes, kind="stable")[:MOST_PAIRS]]
    cells = [[int(t), int(g), int(before[t, g]), int(after[t, g])] for t, g in there]
    return {"classes": count, "cells": cells}


def _curves(y: Array, reference: Array, outputs: Array) -> dict[str, Any] | None:
    truth = y.ravel()
    if not steps(truth, reference.ravel()).both:
        return None
    return {
        name: _curve(truth, each.ravel())
        for name, each in (("before", reference), ("after", outputs))
    }


def _curve(truth: Array, scores: Array) -> dict[str, Any]:
    """As few points as a drawing shows, evenly spread over the thresholds, ends kept."""
    false, true = steps(truth, scores).rates
    picked = np.unique(np.linspace(0, len(false) - 1, MOST_POINTS).round().astype(int))
    points = {"fpr": false[picked].tolist(), "tpr": true[picked].tolist()}
    return {"auc": auc(truth, scores), **points}


def _outputs(y: Array, reference: Array, outputs: Array) -> list[dict[str, Any]] | None:
    if not 1 < y.shape[1] <= MOST_OUTPUTS:
        return None
    before, after = np.abs(reference - y), np.abs(outputs - y)
    return [
        {
            "output": place,
            "before": float(before[:, place].mean()),
            "after": float(after[:, place].mean()),
            "drop": float((after - before)[:, place].mean()),
            "drop_ci95": list(mean_ci((after - before)[:, place])),
        }
        for place in range(y.shape[1])
    ]
