"""Signal to noise by column, about its mean."""

import math

import numpy as np
import pytest

from edgehone.formats._columns import MOST_COLUMNS, column_snr, worst_column

RANDOM = np.random.default_rng(0)


def plain(reference: list[float], found: list[float]) -> float:
    """One column by the definition."""
    mean = sum(reference) / len(reference)
    variance = sum((a - mean) ** 2 for a in reference) / len(reference)
    noise = sum((a - b) ** 2 for a, b in zip(reference, found, strict=True)) / len(reference)
    return 10 * math.log10(variance / noise)


@pytest.mark.parametrize("shape", [(50, 3), (10, 4, 5, 3), (40, 7)])
def test_every_column_is_that_of_a_plain_loop(shape: tuple[int, ...]) -> None:
    reference = RANDOM.normal(293, 1, shape)
    found = reference + RANDOM.normal(0, 0.1, shape)
    columns = reference.reshape(-1, shape[-1]).T, found.reshape(-1, shape[-1]).T
    expected = [plain(list(a), list(b)) for a, b in zip(*columns, strict=True)]
    np.testing.assert_allclose(column_snr(reference, found), expected)
    worst = worst_column(reference, found)
    assert worst is not None
    assert worst.number == int(np.argmin(expected))
    assert worst.snr_db == pytest.approx(min(expected))


def test_a_column_of_another_range_and_a_mean_far_off_hide_nothing() -> None:
    reference = np.stack([RANDOM.uniform(0, 1e4, 99), RANDOM.uniform(0, 1, 99)], 1)
    worst = worst_column(reference, reference * [1, 0])
    assert worst is not None
    assert worst.number == 1
    assert worst.snr_db < 0
    kelvin = 293 + RANDOM.normal(size=(99, 1))
    assert column_snr(kelvin, np.full_like(kelvin, kelvin.mean()))[0] == pytest.approx(0)


def test_a_column_that_does_not_vary_is_judged_by_its_value_unless_that_is_nothing() -> None:
    reference = np.stack([RANDOM.normal(size=30), np.full(30, 7.0), np.zeros(30)], 1)
    found = reference + np.array([0.01, 3, 3])
    ratios = column_snr(reference, found)
    assert ratios[1] == pytest.approx(10 * math.log10(49 / 9))
    assert np.isnan(ratios[2])
    worst = worst_column(reference, found)
    assert worst is not None
    assert worst.number == 1
    assert worst_column(reference[:, 2:], found[:, 2:]) is None
    reference[:, 1] = 1e-7  # float32 cannot add it to the others
    worst = worst_column(reference, found)
    assert worst is not None
    assert worst.number == 0


@pytest.mark.parametrize("shape", [(60, 2, 1), (60, 2, 24), (60, 84, 100), (30, 3, 16, 16)])
def test_quantities_along_another_axis_are_told_apart(shape: tuple[int, ...]) -> None:
    """Where one place is of thousands and the others of ones, as of boxes beside scores."""
    reference = RANDOM.uniform(-1, 1, shape)
    reference[:, 0] *= 1e4
    found = np.round(reference / 80) * 80
    worst = worst_column(reference, found)
    assert worst is not None
    assert (worst.axis, worst.of, worst.alone) == (1, shape[1], shape[1] < 9)
    assert worst.snr_db < 3
    assert worst.words == f"place {worst.number} of axis 1"
    assert column_snr(reference, found, axis=1)[0] > 20


def test_one_huge_column_hides_none_of_many() -> None:
    reference = RANDOM.uniform(-1, 1, (200, MOST_COLUMNS + 8))
    reference[:, 0] *= 1e4
    worst = worst_column(reference, np.round(reference / 80) * 80)
    assert worst is not None
    assert worst.number > 0
    assert worst.snr_db < 3


def test_no_error_is_infinite_and_no_number_the_opposite() -> None:
    reference = RANDOM.normal(size=(9, 1))
    assert column_snr(reference, reference)[0] == math.inf
    assert column_snr(reference, reference * np.nan)[0] == -math.inf


def test_a_dark_pixel_among_many_is_no_wreck() -> None:
    reference = RANDOM.normal(size=(200, MOST_COLUMNS + 1))
    reference[:, 0] *= 1e-4
    found = reference + RANDOM.normal(0, 0.01, reference.shape)
    worst = worst_column(reference, found)
    assert worst is not None
    assert worst.snr_db > 15
    narrow = worst_column(reference[:, :2], found[:, :2])
    assert narrow is not None
    assert narrow.snr_db < -30


def test_a_label_that_is_hardly_given_has_the_noise_of_its_steps() -> None:
    reference = RANDOM.uniform(0, 0.004, (300, 5))
    found = np.round(reference * 256) / 256
    held = worst_column(reference, found, probabilities=True)
    alone = worst_column(reference, found)
    assert held is not None
    assert alone is not None
    assert held.snr_db > 20 > alone.snr_db
