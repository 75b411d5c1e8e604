"""Gaussian noise on samples: the same numbers, in whatever parts the samples are gone through."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum, prod, sqrt
from typing import Any

import numpy as np

from edgehone.system.rows import Array, LazyRows, Rows, bounds

BLOCK_VALUES = 1 << 22
"""Numbers that are drawn at once."""


@dataclass(frozen=True, eq=False)
class Noise(LazyRows):
    """Samples x with noise of that standard deviation, clipped to `limits`. size: samples in a
    block; states: of the generator, at the beginning of every block.
    """

    x: Rows
    deviation: float
    limits: tuple[float, float]
    size: int
    states: tuple[Any, ...]

    @classmethod
    def on(cls, x: Rows, share: float, seed: int) -> "Noise":
        """X with noise of `share` of its standard deviation, within the range it has."""
        size = _block(x)
        random = np.random.default_rng(seed)
        states = []
        for start in range(0, len(x), size):
            states.append(random.bit_generator.state)
            random.standard_normal((min(size, len(x) - start), *x.shape[1:]))
        return cls(x, share * deviation(x), bounds(x), size, tuple(states))

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the samples."""
        return self.x.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of the samples."""
        return self.x.dtype

    @property
    def part_bytes(self) -> int:
        """As of the samples; of an array, a block."""
        return self.x.part_bytes if isinstance(self.x, LazyRows) else 4 * BLOCK_VALUES

    def read(self, rows: Array) -> Array:
        """The samples of these numbers, with their noise."""
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for block in np.unique(rows // self.size):
            here = rows // self.size == block
            inside = rows[here] - block * self.size
            noisy = self.x[rows[here]] + self._drawn(int(block))[inside]
            found[here] = np.clip(noisy, *self.limits)
        return found

    def _drawn(self, block: int) -> Array:
        """The noise of a block, in float64."""
        random = np.random.default_rng()
        random.bit_generator.state = self.states[block]
        count = min(self.size, len(self) - block * self.size)
        return random.normal(0.0, self.deviation, (count, *self.shape[1:]))


def deviation(x: Rows) -> float:
    """The standard deviation of all numbers in x, in float64; it does not depend on how large the
    parts are that are looked at, for every sample is summed by itself.
    """
    count = prod(x.shape)
    mean = fsum(total for part in _blocks(x) for total in part.sum(axis=1)) / count
    squares = (np.square(part - mean).sum(axis=1) for part in _blocks(x))
    return sqrt(fsum(total for each in squares for total in each) / count)


def _blocks(x: Rows) -> Iterator[Array]:
    """The samples as float64, (k, values) each."""
    size = _block(x)
    for start in range(0, len(x), size):
        part = x[start : start + size].astype(np.float64)
        yield part.reshape(len(part), -1)


def _block(x: Rows) -> int:
    return max(BLOCK_VALUES // max(prod(x.shape[1:]), 1), 1)
