"""What a compression did beyond the average: to each class, to confidence, and under noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.stats import mean_ci, paired_interval, wilson
from edgehone.system.rows import LazyRows, Rows
from edgehone.tasks._noise import Noise
from edgehone.tasks.breakdown import breakdown
from edgehone.tasks.evaluate import check as check_fit
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.kinds import TaskKind, kind_of
from edgehone.tasks.labels import VOID
from edgehone.tasks.outputs import threshold_of
from edgehone.values import Accuracy, Plain, Task

Array = NDArray[Any]

NOISE = 0.1
"""Standard deviation of mild noise, as a share of that of the inputs."""

BINS = 15
"""Bins of confidence (Guo et al. 2017, section 5)."""

DOUBT = 0.05
"""Chance of pointing out any class at all when compression harmed none."""


@dataclass(frozen=True)
class Noisy:
    """Outputs (n, ...) of reference and compressed model on inputs with Gaussian noise, whose
    deviation is that share of the inputs'.
    """

    reference: Array
    outputs: Array
    share: float = NOISE


def check(
    task: Task,
    y: Array,
    reference: Array,
    outputs: Array,
    noisy: Noisy | None = None,
    *,
    classes: Sequence[str] = (),
) -> dict[str, Any]:
    """How a compressed model's outputs hold up beside its reference's, all (n, ...), on targets y.

    classes: what label 0, 1, … is called; () where nothing says so.

    {"samples", "overall": PAIR, "classes": [{"label", "name", "n", "p", "harmed", **PAIR}],
    "worst": label that lost most, "scored": what a class's scores are, "ece": {"before", "after"},
    "noise": {"share", **PAIR}, "findings": [text]}, and what `breakdown` adds, where PAIR is
    {"before", "before_ci95", "after", "after_ci95", "drop", "drop_ci95"} and a positive drop is
    worse. Tasks without labels have no classes and no ece (null).
    harmed: more samples of a class turned wrong than right by an exact sign test (McNemar), at
    5 % over all classes together (Holm 1979). Raises DataError for arrays that do not fit.
    """
    check_fit(task, y, reference)
    overall = evaluate(task, y, outputs, reference=reference)
    kind = kind_of(task)
    labels = kind.labels(outputs)
    labelled = labels is not None and labels.shape == y.shape
    found_classes = _classes(kind, y, reference, outputs, classes) if labelled else []
    worst = max(found_classes, key=lambda each: (each["drop"], each["harmed"]), default=None)
    found: dict[str, Any] = {
        "samples": len(y),
        "overall": _pair(evaluate(task, y, reference), overall),
        "classes": found_classes,
        "worst": worst["label"] if worst is not None and worst["drop"] > 0 else None,
        "scored": kind.CLASS_SCORE,
        "ece": _calibration(kind, y, reference, outputs) if labelled else None,
        "noise": None,
        **breakdown(kind, y, reference, outputs),
    }
    if noisy is not None:
        start = evaluate(task, y, noisy.reference)
        end = evaluate(task, y, noisy.outputs, reference=noisy.reference)
        found["noise"] = {"share": noisy.share, **_pair(start, end)}
    return {**found, "findings": findings(found)}


def findings(found: Plain) -> list[str]:
    """A sentence on each of the classes that were harmed most and one on the others, and one on
    noise if it takes clearly more from the compressed model than compression did.
    """
    harmed = sorted((c for c in found["classes"] if c["harmed"]), key=lambda c: -c["drop"])
    lines = [
        f"Class {called(c)} lost {100 * c['drop']:.1f} points "
        f"({100 * c['before']:.1f} % to {100 * c['after']:.1f} %, n = {c['n']}), "
        "more than chance explains."
        for c in harmed[:_IN_FULL]
    ]
    others = [called(c) for c in harmed[_IN_FULL:]]
    if others:
        lines.append(f"Also degraded, and no more than these: {', '.join(others)}.")
    noise, overall = found["noise"], found["overall"]
    if noise and noise["drop_ci95"] and noise["drop_ci95"][0] > max(0, overall["drop_ci95"][1]):
        lines.append(
            f"Under mild noise ({100 * noise['share']:.0f} % of the inputs' deviation) it loses "
            f"{noise['drop']:.3g} of {noise['metric']} to the teacher, {overall['drop']:.3g} "
            "without."
        )
    return lines


def called(found: Plain) -> str:
    """A class as people call it, and its label; the label alone where it has no name."""
    name = found.get("name")
    return f"{found['label']}" if not name else f"{name} ({found['label']})"


_IN_FULL = 3
"""Harmed classes that have a sentence of their own."""


def with_noise(x: Rows, share: float = NOISE, seed: int = 0) -> Rows | None:
    """Samples (n, ...) with Gaussian noise of `share` of their standard deviation, within the
    range they had, lazy if they are; None for integers, which may be words or categories.
    """
    if not np.issubdtype(x.dtype, np.floating):
        return None
    noisy = Noise.on(x, share, seed)
    return noisy if isinstance(x, LazyRows) else np.asarray(noisy)


def expected_calibration_error(y: Array, probabilities: Array, bins: int = BINS) -> float:
    """Mean distance of confidence and accuracy over `bins` equal bins of confidence, in [0, 1].

    y: (n,) labels; probabilities: (n, k). Guo et al. 2017, eq. 3.
    """
    confidence = probabilities.max(axis=-1)
    right = probabilities.argmax(axis=-1) == y
    # bin m holds confidences in ((m - 1) / bins, m / bins]
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def _calibration(
    kind: TaskKind, y: Array, reference: Array, outputs: Array
) -> dict[str, float] | None:
    """ECE of both; None when an output is not a number, or the kind of task has no confidences."""
    if not (np.isfinite(reference).all() and np.isfinite(outputs).all()):
        return None
    logits = kind.are_logits(reference)
    before, after = (kind.confidences(each, logits=logits) for each in (reference, outputs))
    if before is None or after is None:
        return None
    labels = y.ravel()
    known = labels != VOID
    return {
        "before": expected_calibration_error(labels[known], before[known]),
        "after": expected_calibration_error(labels[known], after[known]),
    }


def _classes(
    kind: TaskKind, y: Array, reference: Array, outputs: Array, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Every class that occurs, by label, harmed ones marked."""
    least = threshold_of(reference)
    scores = [kind.scores_by_class(y, each, least) for each in (reference, outputs)]
    found = []
    for label in sorted({*scores[0]} & {*scores[1]}):
        before, after = (each[label] for each in scores)
        changes = before - after
        worse, better = int((changes > 0).sum()), int((changes < 0).sum())
        found.append(
            {
                "label": int(label),
                "name": names[label] if label < len(names) else None,
                "n": len(changes),
                "before": float(before.mean()),
                "before_ci95": _interval(before),
                "after": float(after.mean()),
                "after_ci95": _interval(after),
                "drop": float(changes.mean()),
                "drop_ci95": _change_interval(changes, before, after),
                "p": sign_test(worse, better),
                "harmed": False,
            }
        )
    for each in _significant(found):
        each["harmed"] = True
    return found


def _interval(scores: Array) -> list[float]:
    if np.isin(scores, (0, 1)).all():
        return list(wilson(int(scores.sum()), len(scores)))
    return list(mean_ci(scores))


def _change_interval(changes: Array, before: Array, after: Array) -> list[float]:
    if np.isin([before, after], (0, 1)).all():
        worse, better = int((changes > 0).sum()), int((changes < 0).sum())
        return list(paired_interval(len(changes), worse, better))
    return list(mean_ci(changes))


def sign_test(worse: int, better: int) -> float:
    """Chance of at least `worse` losses among worse + better changes if both were as likely."""
    n = worse + better
    if n > 1000:  # the normal form with continuity correction, exact to three digits here
        return 1 - NormalDist(n / 2, n**0.5 / 2).cdf(worse - 0.5)
    return float(sum(comb(n, k) for k in range(worse, n + 1)) / 2**n)


def _significant(classes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Classes whose loss is beyond chance, all tests taken together. Holm 1979."""
    found = []
    for rank, each in enumerate(sorted(classes, key=lambda c: float(c["p"]))):
        if each["p"] > DOUBT / (len(classes) - rank):
            break
        found.append(each)
    return found


def _pair(before: Accuracy, after: Accuracy) -> dict[str, Any]:
    return {
        "metric": before.metric,
        "before": before.value,
        "before_ci95": list(before.ci95),
        "after": after.value,
        "after_ci95": list(after.ci95),
        "drop": after.drop,
        "drop_ci95": None if after.drop_ci95 is None else list(after.drop_ci95),
    }
