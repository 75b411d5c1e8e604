"""A kernel as the product of two thinner ones, by its singular values."""

import numpy as np

from edgehone.data import Array


def as_matrix(kernel: Array) -> Array:
    """A kernel (..., inputs, outputs) as a matrix (m, outputs), m the weights of one output."""
    return kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)


def full_rank(kernel: Array) -> int:
    """Largest rank the kernel's matrix can have."""
    return int(min(as_matrix(kernel).shape))


def singular_values(kernel: Array) -> Array:
    """(full rank,), descending."""
    return np.linalg.svd(as_matrix(kernel), compute_uv=False)


def rank_for_energy(values: Array, energy: float) -> int:
    """Smallest rank whose singular values hold that share (0, 1] of the sum of squares."""
    squares = np.cumsum(values**2)
    if squares[-1] == 0:
        return 1
    return int(np.searchsorted(squares, energy * squares[-1] * (1 - 1e-12))) + 1


def split(kernel: Array, rank: int) -> tuple[Array, Array]:
    """Kernels (..., inputs, rank) and (rank, outputs) whose product is the best approximation of
    that rank in the Frobenius norm (Eckart & Young 1936); exact at full rank.

    Both get the square root of the singular values, so that neither is hard to quantize.
    """
    u, values, v = np.linalg.svd(as_matrix(kernel), full_matrices=False)
    root = np.sqrt(values[:rank])
    first = (u[:, :rank] * root).reshape(*kernel.shape[:-1], rank)
    second = root[:, None] * v[:rank]
    return first.astype(np.float32), second.astype(np.float32)


def share(kernel_shape: tuple[int, ...], rank: int) -> float:
    """Weights, and so MACs, of two kernels of that rank as a share of those of the one."""
    outputs = kernel_shape[-1]
    inputs = int(np.prod(kernel_shape[:-1]))
    return rank * (inputs + outputs) / (inputs * outputs)
