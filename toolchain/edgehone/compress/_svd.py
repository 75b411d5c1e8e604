"""A kernel as the product of two thinner ones, by its singular values."""

import numpy as np

from edgehone.data import Array


def as_matrix(kernel: Array) -> Array:
    """A kernel (..., inputs, outputs) as a matrix (m, outputs), m the weights of one output."""
    return kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)


def as_spatial_matrix(kernel: Array) -> Array:
    """A kernel (h, w, inputs, outputs) as a matrix (h inputs, w outputs), whose rank is that of
    the kernel as an h x 1 convolution followed by a 1 x w one (Tai et al. 2016, section 2.1).
    """
    h, w, inputs, outputs = kernel.shape
    columns = kernel.astype(np.float64).transpose(0, 2, 1, 3)
    return columns.reshape(h * inputs, w * outputs)


def full_rank(kernel: Array) -> int:
    """Largest rank the kernel's matrix can have."""
    return int(min(as_matrix(kernel).shape))


def singular_values(kernel: Array) -> Array:
    """(full rank,), descending."""
    return np.linalg.svd(as_matrix(kernel), compute_uv=False)


def lost_energy(values: Array) -> Array:
    """(n,): the share of the sum of squares that is lost when the first 1, 2, ... n of n singular
    values are kept; 0 for a kernel of zeros.
    """
    squares = np.asarray(values, np.float64) ** 2
    tails = squares[::-1].cumsum()[::-1]
    share_left = np.append(tails[1:], 0.0) / max(tails[0], np.finfo(np.float64).tiny)
    return np.asarray(share_left)


def rank_for_energy(values: Array, energy: float) -> int:
    """Smallest rank whose singular values hold that share (0, 1] of the sum of squares."""
    squares = np.cumsum(values**2)
    if squares[-1] == 0:
        return 1
    return int(np.searchsorted(squares, energy * squares[-1] * (1 - 1e-12))) + 1


def rank_for_threshold(values: Array, threshold: float) -> int:
    """How many singular values (descending) are at least that share of the largest; 1 or more."""
    return max(1, int((values >= threshold * values[0]).sum()))


def split(kernel: Array, rank: int) -> tuple[Array, Array]:
    """Kernels (..., inputs, rank) and (rank, outputs) whose product is the best approximation of
    that rank in the Frobenius norm (Eckart & Young 1936); exact at full rank.

    Both get the square root of the singular values, so that neither is hard to quantize.
    """
    first, second = _halves(as_matrix(kernel), rank)
    return first.reshape(*kernel.shape[:-1], rank), second


def split_spatially(kernel: Array, rank: int) -> tuple[Array, Array]:
    """Kernels (h, 1, inputs, rank) and (1, w, rank, outputs) that approximate (h, w, inputs,
    outputs) best when one follows the other; exact at full rank. Tai et al. 2016, theorem 1.
    """
    h, w, inputs, outputs = kernel.shape
    first, second = _halves(as_spatial_matrix(kernel), rank)
    return first.reshape(h, 1, inputs, rank), second.reshape(1, rank, w, outputs).swapaxes(1, 2)


def share(kernel_shape: tuple[int, ...], rank: int) -> float:
    """Weights, and so MACs, of two kernels of that rank as a share of those of the one."""
    outputs = kernel_shape[-1]
    inputs = int(np.prod(kernel_shape[:-1]))
    return rank * (inputs + outputs) / (inputs * outputs)


def _halves(matrix: Array, rank: int) -> tuple[Array, Array]:
    u, values, v = np.linalg.svd(matrix, full_matrices=False)
    root = np.sqrt(values[:rank])
    return (u[:, :rank] * root).astype(np.float32), (root[:, None] * v[:rank]).astype(np.float32)
