"""What one session's blocks say of a device in general: order, room, trend, days."""

from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.decide import timing
from edgehone.decide.timing import Timing, between_days, looks_after, session_values, skipped
from edgehone.errors import DataError
from edgehone.stats import percentile_ci


def blocks(values: list[float] | NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """One block of three samples around each value."""
    return [np.array([0.99, 1.0, 1.01]) * value for value in values]


def shuffled(values: list[float], seed: int = 0) -> list[float]:
    found: list[float] = np.random.default_rng(seed).permutation(values).tolist()
    return found


@pytest.mark.parametrize("count", range(1, 16))
def test_skipped_is_what_the_enumerated_sign_test_allows(count: int) -> None:
    skip = skipped(count)
    below = [sum(signs) for signs in product((0, 1), repeat=count)]
    assert sum(each < skip for each in below) / len(below) <= timing.ERROR
    assert sum(each <= skip for each in below) / len(below) > timing.ERROR


def test_skipped_of_many_is_nearly_the_sum() -> None:
    exact = skipped(timing.EXACT)
    assert abs(skipped(timing.EXACT + 1) - exact) <= 1
    assert skipped(10_000) / 10_000 == pytest.approx(0.4835, abs=1e-3)


def test_an_interval_is_of_the_blocks_in_order() -> None:
    values = shuffled([1.0 + 0.001 * i for i in range(24)])
    low, high = Timing().interval(blocks(values), 50)
    assert low == pytest.approx(1.003)
    assert high == pytest.approx(1.020)


def test_few_blocks_have_room_for_modes_that_were_not_seen() -> None:
    alike = Timing().interval(blocks([1.0] * 6), 50)
    assert alike[0] <= 1 / 1.2
    assert alike[1] >= 1.2
    more = Timing().interval(blocks([1.0] * 12), 50)
    assert more == pytest.approx((1.0, 1.0))


def test_a_mode_that_a_session_missed_is_never_excluded_but_by_many_blocks() -> None:
    random = np.random.default_rng(3)
    missed = 0
    for _ in range(200):
        values = 1 + 0.15 * random.integers(2, size=12) + random.normal(0, 0.01, 12)
        low, high = Timing().interval(blocks(values), 50)
        missed += not low <= 1.075 <= high
    assert missed == 0


def test_a_tail_has_at_least_its_bootstraps_interval() -> None:
    found = blocks(shuffled([1.0] * 10 + [1.3, 1.4]))
    low, high = percentile_ci(found, 99)
    wide = Timing().interval(found, 99)
    assert wide[0] <= low
    assert wide[1] >= high


def test_a_device_that_gets_slower_is_given_room_to_get_slower_still() -> None:
    rising = [1.0 + 0.01 * i for i in range(12)]
    _, high = Timing().interval(blocks(rising), 50)
    assert high == pytest.approx(1.23, abs=0.01)
    low, _ = Timing().interval(blocks(rising[::-1]), 50)
    assert low == pytest.approx(0.88, abs=0.01)


def test_a_trend_that_has_ended_is_none() -> None:
    values = [*(1.0 + 0.01 * i for i in range(12)), *shuffled([1.12, 1.121] * 6)]
    _, high = Timing().interval(blocks(values), 50)
    assert high == pytest.approx(1.121, abs=1e-3)


def test_days_that_differ_widen_the_interval() -> None:
    values = shuffled([1.0 + 0.001 * i for i in range(12)])
    today = Timing().interval(blocks(values), 50)
    low, high = Timing(days=0.03, sessions=6).interval(blocks(values), 50)
    assert low < today[0] / 1.06
    assert high > today[1] * 1.06


def test_days_are_known_from_three_sessions_on() -> None:
    assert between_days([1.0, 2.0]) == Timing()
    found = between_days([1.0, np.e, np.e**2])
    assert found.days == pytest.approx(1.0)
    assert found.sessions == 3


def test_sessions_lie_an_hour_apart() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    minutes = {0: 1.0, 10: 3.0, 50: 2.0, 130: 5.0, 200: 7.0}
    dated = [(start + timedelta(minutes=at), value) for at, value in minutes.items()]
    assert session_values(dated[::-1]) == [2.0, 5.0, 7.0]
    assert session_values([]) == []


def test_further_blocks_are_as_many_as_the_order_needs() -> None:
    values = [1.0] * 11 + [1.3]
    found = Timing().further(blocks(values), 50, 1.1)
    assert found is not None
    assert skipped(12 + found) > (12 + found) / 12
    assert skipped(12 + found - 1) <= (12 + found - 1) / 12


def test_further_blocks_of_few_are_those_that_leave_no_room_for_modes() -> None:
    assert Timing().further(blocks([1.0] * 6), 50, 1.05) == 6


def test_no_number_of_blocks_tells_what_lies_at_the_limit() -> None:
    assert Timing().further(blocks([1.0, 1.2] * 6), 50, 1.1) == timing.MOST


def test_no_number_of_blocks_tells_what_only_other_days_do() -> None:
    assert Timing(days=0.03, sessions=4).further(blocks([1.0] * 12), 50, 1.05) is None


def test_looks_follow_the_targets_own_number() -> None:
    assert looks_after(6) == (12, 18, 24, 36)
    assert looks_after(18) == (24, 36)
    assert looks_after(100) == ()


def test_nothing_has_no_interval() -> None:
    with pytest.raises(DataError):
        Timing().interval([], 50)
