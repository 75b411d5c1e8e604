"""How close an artifact's outputs are to those of the model it was made from."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgehone.errors import DataError
from edgehone.formats._base import Array
from edgehone.formats._columns import Column, table, worst_column
from edgehone.tasks.outputs import decisions, predicted_labels, threshold_of
from edgehone.values import Plain


def parities(
    reference: Sequence[Array],
    outputs: Sequence[Array],
    labels: Sequence[bool],
    probabilities: Sequence[bool] = (),
    thresholds: Sequence[float] = (),
    decided: Sequence[bool] = (),
) -> Plain:
    """The difference over all outputs of two models, and for each.

    reference, outputs: (n, …) for each output; labels, probabilities, thresholds, decided: what
    each is, as `parity` takes it. Returns what `parity` does, the worst of every kind (the mean
    error over all numbers; "worst" with the output's number), and {"outputs": [parity of each]}
    when there are several.
    Raises DataError when they do not fit together.
    """
    if len(reference) != len(outputs):
        raise DataError(
            f"{len(outputs)} outputs cannot be compared with {len(reference)}.",
            "Run both models on the same samples, and compare all their outputs.",
        )
    several = tuple(probabilities) or (False,) * len(reference)
    least = tuple(thresholds) or (None,) * len(reference)
    yes_no = tuple(decided) or several
    each = [
        parity(wanted, found, label, probabilities=rare, threshold=limit, decided=decision)
        for wanted, found, label, rare, limit, decision in zip(
            reference, outputs, labels, several, least, yes_no, strict=True
        )
    ]
    if len(each) == 1:
        return each[0]
    sizes = [np.asarray(array).size for array in reference]
    means = [found["mean_error"] for found in each]
    finite = None not in means
    worst = [{**found["worst"], "output": n} for n, found in enumerate(each) if found["worst"]]
    return {
        "max_error": max(found["max_error"] for found in each) if finite else None,
        "mean_error": float(np.average(means, weights=sizes)) if finite else None,
        "snr_db": _least(found["snr_db"] for found in each),
        "worst": min(worst, key=_ratio, default=None),
        "agreement": _least(found["agreement"] for found in each),
        "skill": min(found["skill"] for found in each),
        "n": each[0]["n"],
        "outputs": each,
    }


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _ratio(worst: Plain) -> float:
    return math.inf if worst["snr_db"] is None else float(worst["snr_db"])


def parity(
    reference: Array,
    outputs: Array,
    labels: bool,
    *,
    probabilities: bool = False,
    threshold: float | None = None,
    decided: bool = False,
) -> Plain:
    """The difference between two models' outputs on the same samples.

    reference, outputs: (n, …), the same shape, whose last axis are columns. labels: they are class
    scores, or (n, 1) for one sigmoid or logit; threshold: of these, None: as the reference looks
    (`outputs.threshold_of`). probabilities: of several labels, see `columns.LEAST_PROBABILITY`.
    decided: each column says yes or no to a label of its own, by the threshold. Returns
    {"max_error", "mean_error": absolute; "snr_db": of the worst column, its variance over its error
    in dB, null when there is no error; "worst": {"output", "column", "axis", "of", "snr_db"};
    "agreement": the fraction in [0, 1] of samples (or places) with the same label, or of labels
    decided alike, or null; where they are decided, "label_agreement": [that of each label];
    "skill": what is left of what the reference knows, see `skill`; "n"}. Where no column varies,
    the ratio is that of powers. Raises DataError when shapes differ or there is no sample.
    """
    reference = np.asarray(reference, np.float64)
    outputs = np.asarray(outputs, np.float64)
    if reference.shape != outputs.shape or not reference.size:
        raise DataError(
            f"Outputs of shapes {reference.shape} and {outputs.shape} cannot be compared.",
            "Run both models on the same samples, at least one.",
        )
    error = np.abs(outputs - reference)
    varying = worst_column(reference, outputs, probabilities=probabilities)
    powers = decibels(float((reference**2).sum()), float((error**2).sum()))
    worst = varying or Column(0, powers, int(table(reference).shape[1]))
    snr_db = _finite(worst.snr_db)
    return {
        "max_error": _finite(error.max()),
        "mean_error": _finite(error.mean()),
        "snr_db": snr_db,
        "worst": {
            "output": 0,
            "column": worst.number,
            "axis": worst.axis,
            "of": worst.of,
            "snr_db": snr_db,
        },
        "agreement": _same(reference, outputs, threshold) if labels else None,
        **(_decided_alike(reference, outputs, threshold) if decided and not labels else {}),
        "skill": skill(reference, outputs, labels, varying, threshold),
        "n": len(reference),
    }


def _decided_alike(reference: Array, outputs: Array, threshold: float | None) -> dict[str, Any]:
    """How often each label (the last axis), and any, is decided as the reference does."""
    least = threshold_of(reference) if threshold is None else threshold
    same = decisions(reference, least) == decisions(outputs, least)
    by_label = same.reshape(-1, same.shape[-1]).mean(axis=0)
    return {"agreement": float(same.mean()), "label_agreement": by_label.tolist()}


def _labels(reference: Array, outputs: Array, threshold: float | None) -> tuple[Array, Array]:
    """The labels of both, by one threshold."""
    least = threshold_of(reference) if threshold is None else threshold
    return predicted_labels(reference, least), predicted_labels(outputs, least)


def _same(reference: Array, outputs: Array, threshold: float | None) -> float:
    wanted, found = _labels(reference, outputs, threshold)
    return float(np.mean(wanted == found))


def skill(
    reference: Array,
    outputs: Array,
    labels: bool,
    worst: Column | None,
    threshold: float | None = None,
) -> float:
    """What is left of what the reference knows about a sample: 1 for all, 0 for what a constant
    answer knows, less for less.

    Of numbers it is the worst column's R2 against the reference; 1 where none varies. Of labels it
    is Cohen's kappa (Cohen 1960): agreement above that of chance, given how often each of the two
    has each label.
    """
    if not np.isfinite(outputs).all():
        return 0.0
    if not labels:
        return 1.0 if worst is None else 1 - 10 ** (-worst.snr_db / 10)
    wanted, found = (each.ravel() for each in _labels(reference, outputs, threshold))
    agreement = float(np.mean(wanted == found))
    names = np.union1d(wanted, found)
    chance = sum(float(np.mean(wanted == name) * np.mean(found == name)) for name in names)
    return agreement if chance == 1 else (agreement - chance) / (1 - chance)


def decibels(signal: float, noise: float) -> float:
    """10 log10 of signal over noise, both powers: inf without noise, -inf for noise without signal
    or noise that is not finite.
    """
    if noise == 0:
        return math.inf
    if signal == 0 or not math.isfinite(noise):
        return -math.inf
    return 10 * math.log10(signal / noise)


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
