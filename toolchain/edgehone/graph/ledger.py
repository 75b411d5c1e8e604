"""The book kept while a graph is walked: channels by number, which are tied, frozen, or on weights.

A tensor's channels are an integer array over its axes without the batch; axes along which they do
not vary have size 1. (1, 1, 8): an image's 8 channels; (25,): a flattened one; (1, 4, 1): 4 heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

MAKES, READS, CARRIES = "makes", "reads", "carries"
"""A slice of a weight makes its channel anew, takes it up into others, or passes it on."""


@dataclass(frozen=True, eq=False)
class Slice:
    """Which units lie on an axis of a layer's weight.

    weight: its position in layer.weights; units: (size of the axis,); role: MAKES, READS, CARRIES.
    """

    weight: int
    axis: int
    units: IntArray
    role: str


@dataclass(frozen=True, eq=False)
class Trace:
    """What an operation takes, makes and holds, in channels, as its first use saw it."""

    inputs: tuple[IntArray, ...]
    outputs: tuple[IntArray, ...]
    slices: tuple[Slice, ...]


@dataclass
class Ledger:
    """Channels by number. tensors: by id() of a tensor; still: ids of tensors whose channels are
    zero once the weights of those channels are; masked: of those that may carry a mask of steps to
    be left out; producers: (layer, kind of unit, channels);
    refused: operations of which a use was not understood, and why;
    parts: channels that are taken out of others, of which one must stay.
    """

    count: int = 0
    tensors: dict[int, IntArray] = field(default_factory=dict)
    still: set[int] = field(default_factory=set)
    masked: set[int] = field(default_factory=set)
    ties: list[tuple[IntArray, IntArray]] = field(default_factory=list)
    frozen: list[tuple[IntArray, str]] = field(default_factory=list)
    producers: list[tuple[str, str, IntArray]] = field(default_factory=list)
    traces: dict[str, Trace] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    parts: list[IntArray] = field(default_factory=list)

    def fresh(self, count: int) -> IntArray:
        """(count,): new channels."""
        self.count += count
        return np.arange(self.count - count, self.count, dtype=np.int64)

    def fixed(self, tensor: Any, reason: str) -> None:
        """Give a tensor one channel for all its values, which stays."""
        self.tensors[id(tensor)] = self.fresh(1).reshape((1,) * (len(tensor.shape) - 1))
        self.freeze(self.tensors[id(tensor)], reason)

    def tie(self, left: IntArray, right: IntArray) -> None:
        """Note that channels stay or go together; the arrays broadcast against each other."""
        if left is not right:
            one, other = np.broadcast_arrays(left, right)
            self.ties.append((one.ravel(), other.ravel()))

    def freeze(self, channels: IntArray, reason: str) -> None:
        """Note that channels must stay as they are, and why."""
        self.frozen.append((channels.ravel(), reason))

    def roots(self) -> IntArray:
        """(count,): for each channel the smallest one it is tied to, directly or not."""
        roots = np.arange(self.count, dtype=np.int64)
        if not self.ties:
            return roots
        left, right = (np.concatenate(side) for side in zip(*self.ties, strict=True))
        while True:
            before = roots.copy()
            lowest = np.minimum(roots[left], roots[right])
            np.minimum.at(roots, roots[left], lowest)
            np.minimum.at(roots, roots[right], lowest)
            roots = roots[roots]
            if np.array_equal(before, roots):
                return roots


def varying(channels: IntArray) -> tuple[int, ...]:
    """Axes along which channels vary, counted from the last: -1, -2 and on."""
    return tuple(i - channels.ndim for i, size in enumerate(channels.shape) if size > 1)


def spread(channels: IntArray, shape: Sequence[int | None]) -> IntArray:
    """Channels at every position of a tensor of that shape; sizes not known count as 1."""
    return np.broadcast_to(channels, [size or 1 for size in shape])


def reduced(channels: IntArray) -> IntArray:
    """The same with size 1 along the axes on which nothing varies."""
    for axis in range(channels.ndim):
        first = channels.take([0], axis)
        if channels.shape[axis] > 1 and (channels == first).all():
            channels = first
    return channels


def along(channels: IntArray, axis: int) -> IntArray:
    """(size,): channels along one axis (negative), at the first position of the others."""
    moved = np.moveaxis(channels, axis, -1)
    return np.asarray(moved.reshape(-1, moved.shape[-1])[0])


def placed(channels: IntArray, axis: int, rank: int) -> IntArray:
    """The channels (size,) put on one axis (negative) of an array of that rank."""
    shape = [1] * rank
    shape[axis] = len(channels)
    return channels.reshape(shape)
