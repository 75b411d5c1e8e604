"""Statistics against plain references, at boundaries, and their intervals by coverage."""

import itertools
import json
import math

import numpy as np
import pytest

from edgehone import stats
from edgehone.errors import DataError
from edgehone.values import Latency


def test_percentile_interpolates_between_samples() -> None:
    assert stats.percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5
    assert stats.percentile([7.0], 99) == 7.0


def test_percentile_refuses_no_samples() -> None:
    with pytest.raises(DataError, match="no samples"):
        stats.percentile([], 50)


@pytest.mark.parametrize(
    ("degrees", "expected"), [(1, 12.706), (10, 2.228), (11, 2.201), (60, 2.0003)]
)
def test_student_t95_equals_the_tables(degrees: int, expected: float) -> None:
    assert stats.student_t95(degrees) == pytest.approx(expected, abs=6e-4)


def test_mean_ci_of_one_value_is_that_value() -> None:
    assert stats.mean_ci([0.25]) == (0.25, 0.25)


def test_mean_ci_equals_students_formula() -> None:
    low, high = stats.mean_ci([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.776 * math.sqrt(2.5) / math.sqrt(5)
    assert (low, high) == pytest.approx((3 - half, 3 + half))


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (5, 10, (0.2366, 0.7634))],
)
def test_wilson_equals_published_values(
    successes: int, trials: int, expected: tuple[float, float]
) -> None:
    assert stats.wilson(successes, trials) == pytest.approx(expected, abs=1e-4)


def test_wilson_of_nothing_knows_nothing() -> None:
    assert stats.wilson(0, 0) == (0.0, 1.0)


def test_wilson_always_holds_the_rate_itself() -> None:
    for trials in (1, 3, 50):
        for successes in range(trials + 1):
            low, high = stats.wilson(successes, trials)
            assert low <= successes / trials <= high


def test_bootstrap_ci_of_equal_samples_has_no_width() -> None:
    blocks = [[2.0] * 10, [2.0] * 7]
    assert stats.bootstrap_ci(blocks, lambda draws: draws.mean(axis=1)) == (2.0, 2.0)


def test_bootstrap_ci_is_the_same_for_the_same_seed() -> None:
    blocks = np.random.default_rng(1).normal(5, 1, (5, 40)).tolist()
    first = stats.bootstrap_ci(blocks, lambda draws: draws.mean(axis=1), seed=3)
    assert first == stats.bootstrap_ci(blocks, lambda draws: draws.mean(axis=1), seed=3)
    assert first != stats.bootstrap_ci(blocks, lambda draws: draws.mean(axis=1), seed=4)


def test_percentile_ci_agrees_with_the_plain_bootstrap() -> None:
    block = np.random.default_rng(0).gamma(2, 1, 400).tolist()
    fast = stats.percentile_ci([block], 50)
    slow = stats.bootstrap_ci([block], lambda draws: np.median(draws, axis=1))
    assert fast == pytest.approx(slow, rel=0.03)
    assert fast[0] < stats.percentile(block, 50) < fast[1]


def test_percentile_ci_sees_that_blocks_differ_more_than_their_samples() -> None:
    random = np.random.default_rng(0)
    apart = [random.normal(level, 0.01, 500) for level in (1.0, 1.1, 1.2, 1.3, 1.4)]
    together = [np.concatenate(apart)]
    low, high = stats.percentile_ci(apart, 50)
    narrow = stats.percentile_ci(together, 50)
    assert high - low > 3 * (narrow[1] - narrow[0])


def test_percentile_ci_takes_ragged_and_empty_blocks_and_one_sample() -> None:
    assert stats.percentile_ci([[3.0], [], [3.0, 3.0]], 99) == (3.0, 3.0)
    with pytest.raises(DataError):
        stats.percentile_ci([[], []], 50)


def test_percentile_ci_draws_once_for_the_same_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [[2.5, 3.25, 2.75], [], [4.125]]
    first = stats.percentile_ci(blocks, 90)
    monkeypatch.delattr(np.random, "default_rng")
    assert stats.percentile_ci([np.array(each) for each in blocks], 90) == first
    for others in ({"percent": 50.0}, {"percent": 90.0, "seed": 1}, {"percent": 90.0, "draws": 9}):
        with pytest.raises(AttributeError):
            stats.percentile_ci(blocks, **others)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        stats.percentile_ci([[2.5, 3.25], [2.75], [4.125]], 90)


@pytest.mark.parametrize("percent", [0, 100])
def test_percentile_ci_stays_within_the_samples(percent: float) -> None:
    low, high = stats.percentile_ci([[1.0, 2.0, 3.0]], percent)
    assert 1.0 <= low <= high <= 3.0


def test_percentile_ci_covers_the_truth_when_blocks_vary() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(100):
        blocks = [random.normal(level, 0.02, 30) for level in random.normal(1, 0.05, 5)]
        low, high = stats.percentile_ci(blocks, 50, draws=300)
        covered += low <= 1 <= high
    assert covered >= 86  # of 100; 93 is what five blocks give


def _signed_rank_interval(logs: list[float]) -> tuple[float, float]:
    """All shifts a two-sided exact signed-rank test at 5 % does not reject, by enumeration."""
    count = len(logs)
    sums = [sum(s) for s in itertools.product(*[(0, rank) for rank in range(1, count + 1)])]
    cut = max(c for c in range(len(sums)) if sum(s <= c for s in sums) / len(sums) <= 0.025)
    walsh = sorted((a + b) / 2 for i, a in enumerate(logs) for b in logs[i:])
    return walsh[cut], walsh[-cut - 1]


def test_ratio_ci_equals_the_enumerated_signed_rank_interval() -> None:
    random = np.random.default_rng(2)
    pairs = [(float(a), float(b)) for a, b in random.uniform(1, 2, (9, 2))]
    _, (low, high) = stats.ratio_ci(pairs)
    expected = _signed_rank_interval([math.log(a / b) for a, b in pairs])
    assert (math.log(low), math.log(high)) == pytest.approx(expected)


def test_ratio_ci_is_not_moved_by_one_outlier() -> None:
    pairs = [(0.5, 1.0)] * 11 + [(50.0, 1.0)]
    ratio, (low, high) = stats.ratio_ci(pairs)
    assert ratio == pytest.approx(0.5)
    assert low == pytest.approx(0.5)
    assert high < 6


def test_ratio_ci_of_few_pairs_promises_nothing() -> None:
    ratio, interval = stats.ratio_ci([(1.0, 2.0)] * 5)
    assert ratio == pytest.approx(0.5)
    assert interval == (0.0, math.inf)


@pytest.mark.parametrize("pairs", [[], [(1.0, 0.0)], [(-1.0, 1.0)]])
def test_ratio_ci_refuses_what_has_no_ratio(pairs: list[tuple[float, float]]) -> None:
    with pytest.raises(DataError, match="positive"):
        stats.ratio_ci(pairs)


def test_ratio_ci_finds_no_difference_where_there_is_none() -> None:
    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(200):
        _, (low, high) = stats.ratio_ci(np.exp(random.normal(0, 0.1, (10, 2))).tolist())
        wrong += not low <= 1 <= high
    assert wrong <= 20


def test_summarize_gives_the_published_object() -> None:
    latency = Latency(((1.0, 2.0, 3.0), (2.0, 2.0, 8.0)), (9.0, 11.0), (20.0, 40.0))
    found = stats.summarize(latency)
    assert found["p50"] == 2.0
    assert found["mean"] == 3.0
    assert (found["min"], found["max"]) == (1.0, 8.0)
    assert (found["cold"], found["init"]) == (10.0, 30.0)
    assert found["samples"] == [[1.0, 2.0, 3.0], [2.0, 2.0, 8.0]]
    assert found["ci95"][0] <= found["p50"] <= found["ci95"][1]
    assert json.loads(json.dumps(found)) == found


def test_summarize_refuses_a_latency_without_samples() -> None:
    with pytest.raises(DataError, match="no samples"):
        stats.summarize(Latency(((),), (1.0,), (1.0,)))
