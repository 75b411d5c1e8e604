"""Outputs that are another function's are told from those that are only rounded otherwise."""

from typing import Any

import numpy as np
import pytest

from edgehone.measure.likeness import LEAST_DB, comparable, step_of, unlike

RANDOM = np.random.default_rng(4)
HERE = RANDOM.normal(size=(20, 5))


def why(there: Any, here: Any = HERE, scale: float | None = None) -> str:
    return unlike([there], [here], scale)


def noisy(db: float) -> Any:
    """HERE with noise of that many decibels below it."""
    noise = RANDOM.normal(size=HERE.shape)
    factor = np.sqrt((HERE**2).mean() / (noise**2).mean()) / 10 ** (db / 20)
    return HERE + factor * noise


def test_unlike_is_nothing_of_equal_or_rounded_outputs() -> None:
    assert not why(HERE)
    assert not why(np.round(HERE * 16) / 16)
    assert not why(noisy(LEAST_DB + 0.1))


def test_unlike_is_noise_above_the_bound() -> None:
    assert "dB signal to noise" in why(noisy(LEAST_DB - 0.1))
    assert "dB signal to noise" in why(-HERE)


def test_unlike_is_one_output_for_every_sample_however_close() -> None:
    here = 300 + HERE  # a constant has 50 dB here
    assert "the same for every sample" in why(np.full_like(here, 300), here * [1, 1, 1, 1, 2])
    assert not why(np.full((20, 5), 300.0), 300 + 0.001 * HERE)  # rounding may level that


def test_unlike_forgives_two_steps_of_outputs_near_zero() -> None:
    here = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert not why(np.add(here, [[2, 2], [1, 2]]), here, scale=1.0)
    assert why(np.add(here, [[3, 2], [1, 2]]), here, scale=1.0)
    level = np.ones((4, 2))
    one = np.array([[0, 0], [0, 0], [1, 0], [0, 0]])
    assert not why(level, level + 2 * one, scale=1.0)
    assert "every sample" in why(level, level + 3 * one, scale=1.0)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_unlike_is_what_is_not_finite_there_alone(odd: float) -> None:
    there = HERE.copy()
    there[3, 2] = odd
    assert not why(there)  # one in a hundred may be an overflow of another order of additions
    there[4, 1] = odd
    assert "2 of 100 outputs are not finite" in why(there)
    assert not why(there, there)


@pytest.mark.parametrize(
    "name",
    [
        *("RANDOM_STANDARD_NORMAL", "RandomNormalLike", "FlexRandomUniform", "Multinomial"),
        *("NON_MAX_SUPPRESSION_V4", "NonMaxSuppression", "TFLite_Detection_PostProcess", "TopK"),
        *("Bernoulli", "TOPK_V2"),
    ],
)
def test_comparable_leaves_out_random_numbers_and_lists_by_score(name: str) -> None:
    assert comparable(["CONV_2D", "Gemm", "DEQUANTIZE", "MAX_POOL_2D", "MaxPool", "Dropout"])
    assert not comparable(["CONV_2D", name])


def test_step_of_is_that_of_values_on_a_grid() -> None:
    grid = np.float32(0.0173) * np.array([[-3, 0], [1, 90], [2, 2]], np.float32)
    assert step_of([grid]) == pytest.approx(0.0173, rel=1e-3)
    assert step_of([HERE]) is None
    assert step_of([np.arange(257.0)]) is None
    assert step_of([np.ones((3, 2))]) is None
    assert step_of([np.array([[0.0, np.nan, 1.0]])]) is None


def test_unlike_knows_no_samples_and_no_signal() -> None:
    assert not why(HERE[:1], HERE[:1])
    assert not why(np.zeros((3, 2)), np.zeros((3, 2)))
    assert not why(np.zeros((0, 2)), np.zeros((0, 2)))


def test_unlike_looks_at_all_splits_together() -> None:
    far = [HERE[:2], -HERE[2:]]
    assert unlike(far, [HERE[:2], HERE[2:]], None)
