import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehone.compress import _tucker
from edgehone.data import Array


def kernel(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def whole(parts: _tucker.Tucker) -> Array:
    """The kernel that three layers in a row amount to."""
    return np.asarray(np.einsum("ir,...rs,so->...io", parts.first, parts.core, parts.last))


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=2),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_tucker_is_exact_at_full_ranks(window: list[int], i: int, o: int, seed: int) -> None:
    given_kernel = kernel(*window, i, o, seed=seed)
    space = int(np.prod(window))
    ranks = min(i, space * o), min(o, space * i)
    parts = _tucker.tucker(given_kernel, ranks)
    assert parts.core.shape == (*window, *ranks)
    assert np.allclose(whole(parts), given_kernel, atol=1e-5)


def test_tucker_finds_a_kernel_that_has_low_ranks() -> None:
    rng = np.random.default_rng(3)
    low = np.einsum(
        "ir,hwrs,so->hwio", rng.normal(size=(8, 2)), rng.normal(size=(3, 3, 2, 3)),
        rng.normal(size=(3, 10)),
    )  # fmt: skip
    assert np.allclose(whole(_tucker.tucker(low, (2, 3))), low, atol=1e-4)
    assert not np.allclose(whole(_tucker.tucker(low, (1, 3))), low, atol=0.1)


@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 30))
@settings(max_examples=30, deadline=None)
def test_tucker_loses_no_more_than_the_table_says(r: int, s: int, seed: int) -> None:
    given_kernel = kernel(3, 3, 5, 7, seed=seed)
    (inputs, _), (outputs, _) = _tucker.mode_bases(given_kernel)
    table = _tucker.lost_energy(given_kernel, inputs, outputs)
    error = ((whole(_tucker.tucker(given_kernel, (r, s))) - given_kernel) ** 2).sum()
    assert table.shape == (5, 7)
    assert error / (given_kernel**2).sum() <= table[r - 1, s - 1] + 1e-6
    assert table[0, 0] > 0.3


def test_lost_energy_is_that_of_the_truncated_bases() -> None:
    given_kernel = kernel(3, 2, 4, 6)
    (inputs, _), (outputs, _) = _tucker.mode_bases(given_kernel)
    table = _tucker.lost_energy(given_kernel, inputs, outputs)
    for r, s in ((1, 1), (2, 5), (4, 3), (4, 6)):
        p, q = inputs[:, :r], outputs[:, :s]
        kept = np.einsum("ir,hwro,op->hwip", p @ p.T, given_kernel, q @ q.T)
        lost = ((given_kernel - kept) ** 2).sum() / (given_kernel**2).sum()
        assert table[r - 1, s - 1] == pytest.approx(lost, abs=1e-6)


def test_lost_energy_of_a_zero_kernel_is_the_same_everywhere() -> None:
    (inputs, _), (outputs, _) = _tucker.mode_bases(np.zeros((3, 3, 2, 4)))
    assert np.ptp(_tucker.lost_energy(np.zeros((3, 3, 2, 4)), inputs, outputs)) == 0
