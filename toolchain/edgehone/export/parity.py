"""How close an artifact's outputs are to those of the model it was made from."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from edgehone.errors import DataError
from edgehone.export._base import Array
from edgehone.values import Plain


def parities(reference: Sequence[Array], outputs: Sequence[Array], labels: Sequence[bool]) -> Plain:
    """The difference over all outputs of two models, and for each.

    reference, outputs: (n, …) for each output; labels: whether each is class scores. Returns what
    `parity` does, the worst of every kind (the mean error over all numbers), and {"outputs":
    [parity of each]} when there are several. Raises DataError when they do not fit together.
    """
    if len(reference) != len(outputs):
        raise DataError(
            f"{len(outputs)} outputs cannot be compared with {len(reference)}.",
            "Run both models on the same samples, and compare all their outputs.",
        )
    each = [parity(*three) for three in zip(reference, outputs, labels, strict=True)]
    if len(each) == 1:
        return each[0]
    sizes = [np.asarray(array).size for array in reference]
    means = [found["mean_error"] for found in each]
    finite = None not in means
    return {
        "max_error": max(found["max_error"] for found in each) if finite else None,
        "mean_error": float(np.average(means, weights=sizes)) if finite else None,
        "snr_db": _least(found["snr_db"] for found in each),
        "agreement": _least(found["agreement"] for found in each),
        "n": each[0]["n"],
        "outputs": each,
    }


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def parity(reference: Array, outputs: Array, labels: bool) -> Plain:
    """The difference between two models' outputs on the same samples.

    reference, outputs: (n, …), the same shape. labels: the outputs are class scores (n, k), or
    (n, 1) for one sigmoid. Returns {"max_error", "mean_error": absolute; "snr_db": 10 log10 of
    the reference's power over the error's, null when there is no error (or no signal);
    "agreement": the fraction in [0, 1] of samples with the same label, or null; "n"}.
    Raises DataError when the shapes differ or there is no sample.
    """
    reference = np.asarray(reference, np.float64)
    outputs = np.asarray(outputs, np.float64)
    if reference.shape != outputs.shape or not reference.size:
        raise DataError(
            f"Outputs of shapes {reference.shape} and {outputs.shape} cannot be compared.",
            "Run both models on the same samples, at least one.",
        )
    error = np.abs(outputs - reference)
    agreement = float(np.mean(_labels(reference) == _labels(outputs))) if labels else None
    return {
        "max_error": _finite(error.max()),
        "mean_error": _finite(error.mean()),
        "snr_db": _snr_db(float((reference**2).sum()), float((error**2).sum())),
        "agreement": agreement,
        "n": len(reference),
    }


def _labels(scores: Array) -> Array:
    """(n, k) -> (n,): the highest score, or for one column whether a sigmoid says yes."""
    scores = scores.reshape(len(scores), -1)
    if scores.shape[1] == 1:
        return np.asarray(scores[:, 0] > 0.5)
    return np.asarray(scores.argmax(axis=1))


def decibels(signal: float, noise: float) -> float:
    """10 log10 of signal over noise, both powers: inf without noise, -inf for noise without signal
    or noise that is not finite.
    """
    if noise == 0:
        return math.inf
    if signal == 0 or not math.isfinite(noise):
        return -math.inf
    return 10 * math.log10(signal / noise)


def _snr_db(signal: float, noise: float) -> float | None:
    if noise == 0 or signal == 0 or not math.isfinite(signal / noise):
        return None
    return 10 * math.log10(signal / noise)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
