"""A convolution's kernel as a smaller one between two 1 x 1 kernels: Tucker-2 decomposition."""

from dataclasses import dataclass

import numpy as np

from edgehone.data import Array

ITERATIONS = 5
"""Rounds of orthogonal iteration; on random and trained kernels the error no longer moves in its
fourth digit after two or three."""


@dataclass(frozen=True)
class Tucker:
    """first (inputs, r), core (..., r, s), last (s, outputs): the kernel is about their product."""

    first: Array
    core: Array
    last: Array


def mode_bases(kernel: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """(basis, singular values) along inputs and along outputs (HOSVD, De Lathauwer et al. 2000);
    bases (size, size or fewer columns), values descending. kernel: (..., inputs, outputs).
    """
    whole = kernel.astype(np.float64)
    return _basis(whole, -2), _basis(whole, -1)


def lost_energy(kernel: Array, inputs: Array, outputs: Array) -> Array:
    """(n, m): the share of the squared norm that is lost when the first 1..n columns of the basis
    of inputs and the first 1..m of that of outputs are kept; an upper bound once iterated.
    """
    squares = _projected(kernel.astype(np.float64), inputs, outputs) ** 2
    table = squares.reshape(-1, *squares.shape[-2:]).sum(axis=0).cumsum(axis=0).cumsum(axis=1)
    total = max(float((kernel.astype(np.float64) ** 2).sum()), np.finfo(np.float64).tiny)
    return np.asarray(np.clip(1 - table / total, 0.0, None))


def tucker(kernel: Array, ranks: tuple[int, int]) -> Tucker:
    """The decomposition at ranks (r, s) of inputs and outputs, by HOSVD and a few rounds of HOOI
    (Kim et al. 2016, section 3.1; De Lathauwer et al. 2000); exact at full ranks.
    """
    whole = kernel.astype(np.float64)
    outputs = _basis(whole, -1)[0][:, : ranks[1]]
    inputs = _basis(whole, -2)[0][:, : ranks[0]]
    for _ in range(ITERATIONS):
        inputs = _basis(whole @ outputs, -2)[0][:, : ranks[0]]
        outputs = _basis(np.einsum("...io,ir->...ro", whole, inputs), -1)[0][:, : ranks[1]]
    core = _projected(whole, inputs, outputs)
    return Tucker(*(np.ascontiguousarray(a, np.float32) for a in (inputs, core, outputs.T)))


def _projected(kernel: Array, inputs: Array, outputs: Array) -> Array:
    return np.asarray(np.einsum("...io,ir->...ro", kernel, inputs, optimize=True) @ outputs)


def _basis(kernel: Array, axis: int) -> tuple[Array, Array]:
    """Orthonormal directions along an axis, strongest first, and their singular values."""
    unfolded = np.moveaxis(kernel, axis, 0).reshape(kernel.shape[axis], -1)
    basis, values, _ = np.linalg.svd(unfolded, full_matrices=False)
    return basis, values
