"""Scores of some classes, taken together, or of the worst one of all, with their intervals."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

from edgehone.decide.metrics._base import Interval, Reading
from edgehone.stats import wilson
from edgehone.values import Accuracy

WORST = "worst"
"""The word for whichever class is worst."""

Scores = Mapping[str, tuple[int, float]]
"""By label: samples and their mean score in [0, 1]."""

NO_LABELS = "the task has no classes, or an earlier edgehone scored it"


def of_classes(accuracy: Accuracy, wanted: Sequence[str]) -> Reading:
    """The mean score of the samples of these classes, with Wilson's interval; of the worst class,
    with an interval that holds for all classes at once (Bonferroni).
    """
    scores = accuracy.classes
    if missing := _missing(scores, wanted):
        return Reading(None, reason=missing)
    if tuple(wanted) != (WORST,):
        n, mean = _pooled(scores or {}, wanted)
        return Reading(mean, wilson(round(n * mean), n))
    found = {label: pair for label, pair in (scores or {}).items() if pair[0]}
    spans = {label: _wilson(n, mean, len(found)) for label, (n, mean) in found.items()}
    worst = min(found, key=lambda label: found[label][1])
    ends = min(low for low, _ in spans.values()), min(high for _, high in spans.values())
    value = found[worst][1]
    return Reading(value, (min(ends[0], value), max(ends[1], value)))


def drop_of_classes(after: Accuracy, before: Accuracy | None, wanted: Sequence[str]) -> Reading:
    """By how much the classes' score is below the baseline's, with Newcombe's interval of two
    proportions (1998, method 10), which is wider than a paired one would be.
    """
    if before is None:
        return Reading(None, reason="there is no baseline to count the drop from")
    if missing := _missing(after.classes, wanted) or _missing(before.classes, wanted):
        return Reading(None, reason=missing)
    old, new = before.classes or {}, after.classes or {}
    if tuple(wanted) != (WORST,):
        value, ends = _difference(_pooled(old, wanted), _pooled(new, wanted), 1)
        return Reading(value, ends)
    shared = [label for label in old if label in new and old[label][0] and new[label][0]]
    found = [_difference(old[label], new[label], len(shared)) for label in shared]
    value = max(drop for drop, _ in found)
    return Reading(value, (max(low for _, (low, _) in found), max(high for _, (_, high) in found)))


def _missing(scores: Scores | None, wanted: Sequence[str]) -> str:
    if not scores or not any(n for n, _ in scores.values()):
        return NO_LABELS
    if tuple(wanted) == (WORST,):
        return ""
    absent = [label for label in wanted if label not in scores or not scores[label][0]]
    if not absent:
        return ""
    known = ", ".join(list(scores)[:10])
    return f"no sample is of class {absent[0]}; the data have classes {known}"


def _pooled(scores: Scores, labels: Sequence[str]) -> tuple[int, float]:
    n = sum(scores[label][0] for label in labels)
    return n, sum(scores[label][0] * scores[label][1] for label in labels) / n


def _difference(
    before: tuple[int, float], after: tuple[int, float], classes: int
) -> tuple[float, Interval]:
    (n, old), (m, new) = before, after
    (old_low, old_high), (new_low, new_high) = _wilson(n, old, classes), _wilson(m, new, classes)
    drop = old - new
    down = ((old - old_low) ** 2 + (new_high - new) ** 2) ** 0.5
    up = ((old_high - old) ** 2 + (new - new_low) ** 2) ** 0.5
    return drop, (drop - down, drop + up)


def _wilson(n: int, mean: float, classes: int) -> Interval:
    """Wilson's interval at 95 % for so many classes at once; his formula with another z."""
    z = NormalDist().inv_cdf(1 - 0.025 / max(classes, 1))
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z * (mean * (1 - mean) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n)
    return max(0.0, min(centre - half, mean)), min(1.0, max(centre + half, mean))
