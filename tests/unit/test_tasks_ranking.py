"""What ranked scores are worth, against slow, plain references."""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.tasks import ranking

Array = NDArray[np.float64]
RNG = np.random.default_rng(5)
TRUTH = (RNG.random(80) < 0.3).astype(int)
SCORES = (TRUTH * 0.6 + RNG.random(80)).round(1)  # many of them equal


def pairs(truth: Array, scores: Array) -> float:
    """How often a sample to find has more than one that is not; equal ones count as half."""
    found = [
        1.0 if s > t else 0.5 if s == t else 0.0
        for s, t in product(scores[truth == 1].tolist(), scores[truth == 0].tolist())
    ]
    return float(np.mean(found))


def points(truth: Array, scores: Array) -> list[tuple[float, float]]:
    """False and true positive rates by threshold, counted one by one."""
    found = [(0.0, 0.0)]
    for least in sorted(set(scores.tolist()), reverse=True):
        taken = scores >= least
        rates = [np.mean(taken[truth == each]) for each in (0, 1)]
        found.append((float(rates[0]), float(rates[1])))
    return found


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert 0.6 < ranking.auc(TRUTH, SCORES) < 0.95
    assert ranking.auc(TRUTH, SCORES) == pytest.approx(pairs(TRUTH, SCORES))
    assert ranking.auc(TRUTH, -SCORES) == pytest.approx(1 - pairs(TRUTH, SCORES))
    assert ranking.auc(TRUTH, np.zeros(80)) == 0.5
    assert ranking.auc(TRUTH, TRUTH * 1e-9) == 1
    assert ranking.auc(TRUTH, 1000 * SCORES - 7) == ranking.auc(TRUTH, SCORES)


def test_the_curve_has_a_point_for_each_distinct_score() -> None:
    found = np.stack(ranking.curve(TRUTH, SCORES), axis=1)
    assert found == pytest.approx(np.array(points(TRUTH, SCORES)))


@pytest.mark.parametrize("max_fpr", [0.05, 0.1, 0.37, 0.999999])
def test_partial_auc_is_the_area_of_thin_strips(max_fpr: float) -> None:
    known = points(TRUTH, SCORES)
    grid = (np.arange(20000) + 0.5) / 20000 * max_fpr
    heights = []
    for x in grid[::20]:
        (x0, y0), (x1, y1) = next((a, b) for a, b in pairwise(known) if a[0] <= x < b[0])
        heights.append(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    area, least = float(np.mean(heights)) * max_fpr, max_fpr**2 / 2
    expected = 0.5 * (1 + (area - least) / (max_fpr - least))
    assert ranking.partial_auc(TRUTH, SCORES, max_fpr) == pytest.approx(expected, abs=1e-3)
    assert ranking.partial_auc(TRUTH, np.zeros(80), max_fpr) == pytest.approx(0.5)
    assert ranking.partial_auc(TRUTH, TRUTH * 1.0, max_fpr) == pytest.approx(1)


def test_precision_at_recall_tries_every_threshold() -> None:
    for recall in (0.1, 0.5, 0.9, 1.0):
        tried = []
        for least in set(SCORES.tolist()):
            taken = least <= SCORES
            if TRUTH[taken].sum() >= recall * TRUTH.sum():
                tried.append(TRUTH[taken].mean())
        found = ranking.precision_at_recall(TRUTH, SCORES, recall)
        assert found == pytest.approx(max(tried))
    assert ranking.precision_at_recall(TRUTH, np.zeros(80), 0.9) == pytest.approx(TRUTH.mean())


def test_what_is_not_defined_is_not_a_number() -> None:
    for truth in (np.zeros(4), np.ones(4)):
        assert np.isnan(ranking.auc(truth, np.arange(4)))
        assert np.isnan(ranking.partial_auc(truth, np.arange(4), 0.1))
    assert np.isnan(ranking.average_precision(np.zeros(4), np.arange(4)))
    assert np.isnan(ranking.precision_at_recall(np.zeros(4), np.arange(4), 0.5))
    assert ranking.average_precision(np.ones(1), np.zeros(1)) == 1


def test_scores_that_are_not_numbers_are_the_worst_there_are() -> None:
    spoiled = np.where(np.arange(80) < 20, np.nan, SCORES)
    worst = np.where(np.arange(80) < 20, np.where(TRUTH == 1, -9, 9), SCORES)
    assert ranking.auc(TRUTH, spoiled) == pytest.approx(pairs(TRUTH, worst))
    assert ranking.auc(TRUTH, np.full(80, np.nan)) == 0
