import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehone.compress import _svd


def kernel(*shape: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@given(
    st.lists(st.integers(1, 3), min_size=0, max_size=2),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_split_is_exact_at_full_rank(window: list[int], i: int, o: int, seed: int) -> None:
    whole = kernel(*window, i, o, seed=seed)
    first, second = _svd.split(whole, _svd.full_rank(whole))
    assert first.shape == (*window, i, _svd.full_rank(whole))
    assert np.allclose(np.tensordot(first, second, 1), whole, atol=1e-5)


def test_split_leaves_out_exactly_the_small_singular_values() -> None:
    whole = kernel(3, 3, 4, 10)
    values = np.linalg.svd(whole.reshape(36, 10).astype(np.float64), compute_uv=False)
    first, second = _svd.split(whole, 4)
    error = np.tensordot(first, second, 1) - whole
    assert np.sqrt((error**2).sum()) == pytest.approx(np.sqrt((values[4:] ** 2).sum()), rel=1e-5)


def test_split_halves_carry_the_same_norm() -> None:
    first, second = _svd.split(kernel(20, 10), 3)
    columns = np.linalg.norm(first, axis=0)
    assert columns == pytest.approx(np.linalg.norm(second, axis=1), rel=1e-5)
    assert columns.min() > 0


@pytest.mark.parametrize(("energy", "rank"), [(0.5, 1), (0.9, 1), (0.91, 2), (0.99, 2), (1.0, 3)])
def test_rank_for_energy_is_the_smallest_that_holds_it(energy: float, rank: int) -> None:
    values = np.sqrt(np.array([90.0, 9.0, 1.0]))
    assert _svd.rank_for_energy(values, energy) == rank


def test_rank_for_energy_of_a_zero_kernel_is_one() -> None:
    assert _svd.rank_for_energy(np.zeros(4), 0.9) == 1


def test_share_counts_both_kernels() -> None:
    first, second = _svd.split(kernel(3, 3, 4, 16), 8)
    assert _svd.share((3, 3, 4, 16), 8) == pytest.approx((first.size + second.size) / (36 * 16))


def test_lost_energy_is_what_the_smaller_singular_values_hold() -> None:
    values = np.sqrt(np.array([90.0, 9.0, 1.0]))
    assert _svd.lost_energy(values) == pytest.approx([0.1, 0.01, 0.0])
    assert (_svd.lost_energy(np.zeros(3)) == 0).all()


@pytest.mark.parametrize(("threshold", "rank"), [(0.0, 4), (0.1, 3), (0.2, 2), (0.6, 1), (1.0, 1)])
def test_rank_for_threshold_counts_the_values_that_reach_it(threshold: float, rank: int) -> None:
    assert _svd.rank_for_threshold(np.array([10.0, 5.0, 1.0, 0.5]), threshold) == rank


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_split_spatially_is_exact_at_full_rank(h: int, w: int, i: int, o: int) -> None:
    whole = kernel(h, w, i, o)
    rank = min(_svd.as_spatial_matrix(whole).shape)
    first, second = _svd.split_spatially(whole, rank)
    assert first.shape == (h, 1, i, rank)
    assert second.shape == (1, w, rank, o)
    assert np.allclose(np.einsum("hxir,xwro->hwio", first, second), whole, atol=1e-5)


def test_split_spatially_leaves_out_exactly_the_small_singular_values() -> None:
    whole = kernel(3, 3, 4, 5)
    values = np.linalg.svd(_svd.as_spatial_matrix(whole), compute_uv=False)
    first, second = _svd.split_spatially(whole, 4)
    error = ((np.einsum("hxir,xwro->hwio", first, second) - whole) ** 2).sum()
    assert error == pytest.approx((values[4:] ** 2).sum(), rel=1e-4)
