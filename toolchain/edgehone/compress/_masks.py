"""Which weights of a kernel stay: the largest, alone, among M neighbours, or in blocks."""

import numpy as np
from numpy.typing import NDArray

from edgehone.data import Array

Mask = NDArray[np.bool_]


def magnitude_mask(values: Array, sparsity: float) -> Mask:
    """True where a weight stays: the round(size (1 - sparsity)) of largest magnitude, at least one;
    the earlier of equals (Zhu & Gupta 2017, section 3).
    """
    magnitudes = np.abs(values).reshape(-1)
    size = len(magnitudes)
    keep = max(int(np.round(np.float32(size) * np.float32(1 - sparsity))), 1)
    bound = np.partition(magnitudes, size - keep)[size - keep]
    mask = magnitudes > bound
    equals = np.flatnonzero(magnitudes == bound)
    mask[equals[: keep - int(mask.sum())]] = True
    return np.asarray(mask.reshape(values.shape))


def threshold_mask(values: Array, bound: float) -> Mask:
    """True where |weight| >= bound; at least the largest one stays."""
    magnitudes = np.abs(values)
    return np.asarray(magnitudes >= min(bound, float(magnitudes.max())))


def n_of_m_mask(values: Array, n: int, m: int, axis: int) -> Mask:
    """True for the n largest of every m consecutive weights along `axis`; the earlier of equals.

    What is left over at the end of the axis counts as a group filled up with zeros.
    """
    rows = np.moveaxis(np.abs(values), axis, -1)
    missing = -rows.shape[-1] % m
    padded = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, missing)], constant_values=-1)
    groups = padded.reshape(*padded.shape[:-1], -1, m)
    ranks = np.argsort(np.argsort(-groups, axis=-1, kind="stable"), axis=-1, kind="stable")
    mask = (ranks < n).reshape(padded.shape)[..., : rows.shape[-1]]
    return np.asarray(np.moveaxis(mask, -1, axis))


def block_mask(
    values: Array, sparsity: float, block: tuple[int, int], axes: tuple[int, int]
) -> Mask:
    """True in the blocks of largest mean magnitude, as many as `magnitude_mask` would keep.

    block: (height, width) on the two `axes` (inputs, outputs), from index 0; blocks that stick out
    at the end are averaged over what they hold. Positions on other axes have blocks of their own.
    """
    tall = np.moveaxis(np.abs(values).astype(np.float64), axes, (-2, -1))
    height, width = block
    pads = [(0, -tall.shape[-2] % height), (0, -tall.shape[-1] % width)]
    widened = [(0, 0)] * (tall.ndim - 2) + pads
    sums, counts = (
        _blocks(np.pad(array, widened), block).sum(axis=(-3, -1))
        for array in (tall, np.ones_like(tall))
    )
    chosen = magnitude_mask(sums / counts, sparsity)
    mask = chosen.repeat(height, axis=-2).repeat(width, axis=-1)
    mask = mask[..., : tall.shape[-2], : tall.shape[-1]]
    return np.asarray(np.moveaxis(mask, (-2, -1), axes))


def _blocks(array: Array, block: tuple[int, int]) -> Array:
    """(..., rows, height, columns, width)."""
    *front, tall, wide = array.shape
    height, width = block
    return array.reshape(*front, tall // height, height, wide // width, width)
