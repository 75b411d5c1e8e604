"""The randomization test against plain enumeration, its level, its intervals, and its power."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.measure import randomization
from edgehone.measure.randomization import Pairs, interval, orders, p_value, pairs_of, sided, word

Array = NDArray[np.float64]


def made(logs_a: Array, logs_b: Array, seed: int = 0) -> Pairs:
    """Pairs of blocks with these log times, all rounds kept."""
    times = np.exp(np.stack([logs_a, logs_b], axis=1))
    return pairs_of(times, np.arange(len(logs_a)), seed)


def calm(seed: int, count: int, ratio: float = 1.0, noise: float = 0.01) -> Pairs:
    random = np.random.default_rng(seed)
    a, b = random.normal(0, noise, (2, count))
    return made(a + np.log(ratio), b, seed)


def modes(seed: int, count: int, ratio: float) -> Pairs:
    """Every block in one of two modes 15 % apart."""
    random = np.random.default_rng(seed)
    a, b = random.normal(0, 0.01, (2, count)) + 0.14 * random.integers(2, size=(2, count))
    return made(a + np.log(ratio), b, seed)


def plain_p_value(pairs: Pairs) -> float:
    """The same test in loops: both statistics for every drawing, their shares, the smaller one."""
    found: list[tuple[float, float]] = []
    flat = pairs.times.ravel().tolist()
    ordered, window = sorted(flat), max(2, len(flat) // 6)
    gaps = [ordered[i + window] - ordered[i] for i in range(len(flat) - window)]
    width = 0.5 * float(np.quantile(gaps, 0.25))
    differences = [first - second for first, second in pairs.times.tolist()]
    by_size = sorted(differences, key=abs)
    for drawing in pairs.drawings.tolist():
        signed = sum(
            order * np.sign(each) * (by_size.index(each) + 1)
            for order, each in zip(drawing, differences, strict=True)
        )
        labels = [label for order in drawing for label in (order, -order)]
        distance = sum(
            x * y * np.exp(-0.5 * ((u - v) / width) ** 2)
            for x, u in zip(labels, flat, strict=True)
            for y, v in zip(labels, flat, strict=True)
        )
        found.append((abs(signed), distance))
    least = [
        min(
            sum(other[which] >= each[which] - 1e-9 * (1 + abs(each[which])) for other in found)
            for which in (0, 1)
        )
        for each in found
    ]
    return sum(each <= least[0] for each in least) / len(found)


@pytest.mark.parametrize(("seed", "ratio"), [(0, 1.0), (1, 1.01), (2, 1.05), (3, 0.98)])
def test_p_value_equals_that_of_plain_enumeration(seed: int, ratio: float) -> None:
    pairs = calm(seed, 6, ratio)
    assert len(pairs.drawings) == 2508 + 1
    few = Pairs(pairs.times, pairs.first, pairs.drawings[::17])
    assert p_value(few) == pytest.approx(plain_p_value(few), abs=1e-12)


def test_few_pairs_are_compared_with_every_order_that_could_be() -> None:
    drawings = calm(0, 12).drawings[1:]
    allowed = {each for each in product((1.0, -1.0), repeat=12) if abs(sum(each)) <= 2}
    assert {tuple(each) for each in drawings.tolist()} == allowed


def test_orders_are_drawn_balanced_and_do_not_depend_on_how_many_are_asked_for() -> None:
    for seed in range(20):
        found = orders(seed, 36)
        assert set(found.tolist()) == {1.0, -1.0}
        assert all(abs(part.sum()) <= 2 for part in found.reshape(3, 12))
        assert np.array_equal(orders(seed, 17), found[:17])
    assert len({tuple(orders(seed, 24)) for seed in range(50)}) == 50


def test_orders_are_each_way_equally_often_in_every_place() -> None:
    found = np.array([orders(seed, 24) for seed in range(2000)])
    assert np.abs(found.mean(axis=0)).max() < 0.1


def test_rounds_that_were_left_out_leave_their_orders_out() -> None:
    numbers = np.array([0, 2, 3, 7, 30])
    found = pairs_of(np.ones((5, 2)), numbers, seed=4)
    assert np.array_equal(found.first, orders(4, 31)[numbers])
    assert np.array_equal(found.drawings[0], found.first)
    assert found.drawings.shape == (randomization.DRAWS, 5)


@pytest.mark.slow
def test_a_level_is_kept_however_wild_the_noise() -> None:
    random = np.random.default_rng(5)
    false = 0
    for seed in range(300):
        slots = np.cumsum(random.standard_t(1.5, 48)) * 0.02 + 0.15 * (np.arange(48) % 2)
        first = orders(seed, 24) > 0
        early, late = slots[0::2], slots[1::2]
        a, b = np.where(first, early, late), np.where(first, late, early)
        false += p_value(made(a, b, seed)) <= 0.05
    assert false <= 26  # 15 are expected; more has a chance of 0.003


@pytest.mark.slow
def test_a_calm_five_per_cent_is_seen_in_twelve_pairs() -> None:
    assert [word(calm(seed, 12, 1.05), 0.003, 0.02) for seed in range(30)].count("slower") >= 29
    assert [word(calm(seed, 12, 0.95), 0.003, 0.02) for seed in range(30)].count("faster") >= 29


@pytest.mark.slow
def test_a_shift_of_narrow_modes_is_seen_although_pairs_differ_by_more() -> None:
    for seed in range(10):
        pairs = modes(seed, 36, 1.05)
        assert sided(pairs, 0.003) == 1
        assert word(pairs, 0.003, 0.02) == "slower"
        assert randomization.estimate(pairs) == pytest.approx(np.log(1.05), abs=0.02)


@pytest.mark.slow
def test_a_shift_that_fits_either_way_is_not_called() -> None:
    words = {word(modes(seed, 12, 1.05), 0.003, 0.02) for seed in range(40)}
    assert words <= {"slower", "inconclusive"}


def test_alike_files_are_called_the_same_within_the_margin_only() -> None:
    pairs = calm(1, 36, noise=0.002)
    assert word(pairs, 0.003, 0.02) == "same"
    assert word(pairs, 0.003, 0.0) == "inconclusive"
    assert word(calm(1, 36, 1.03, noise=0.002), 0.003, 0.02) == "slower"


def test_equal_times_are_the_same() -> None:
    pairs = made(np.zeros(12), np.zeros(12))
    assert p_value(pairs) == 1.0
    assert word(pairs, 0.003, 0.02) == "same"


@pytest.mark.parametrize("count", [1, 2, 6])
def test_few_pairs_prove_nothing(count: int) -> None:
    pairs = calm(0, count, 3.0)
    assert word(pairs, 0.003, 0.02) == "inconclusive"
    assert interval(pairs, 0.003, np.log(3.0)) == (-np.inf, np.inf)


def test_swapping_the_files_mirrors_what_is_said() -> None:
    pairs = calm(3, 12, 1.04)
    mirrored = Pairs(pairs.times, -pairs.first, -pairs.drawings)
    assert p_value(mirrored) == p_value(pairs)
    assert sided(mirrored, 0.003) == -sided(pairs, 0.003) == -1
    estimated = randomization.estimate(pairs)
    assert randomization.estimate(mirrored) == pytest.approx(-estimated, abs=0.003)


def test_intervals_end_where_the_test_begins_to_refuse() -> None:
    pairs = calm(8, 12, 1.03)
    centre = randomization.estimate(pairs)
    low, high = interval(pairs, 0.01, centre)
    assert low < centre < high
    for end, outwards in ((low, -1e-3), (high, 1e-3)):
        assert p_value(pairs.shifted(end + outwards)) <= 0.01
        assert p_value(pairs.shifted(end - outwards)) > 0.01


@pytest.mark.slow
def test_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(40):
        pairs = calm(seed, 12, 1.02)
        low, high = interval(pairs, 0.05, randomization.estimate(pairs))
        held += low <= np.log(1.02) <= high
    assert held >= 34  # 38 are expected; fewer has a chance of 0.01


def test_intervals_are_cut_to_what_is_asked_for() -> None:
    pairs = calm(2, 12)
    centre = randomization.estimate(pairs)
    low, high = interval(pairs, 0.003, centre, (centre - 1e-4, centre + 1e-4))
    assert low == pytest.approx(centre - 1e-4)
    assert high == pytest.approx(centre + 1e-4)
