"""What disturbs a machine while blocks are measured: one factor on the time of every block."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WARM = 24
"""Blocks after which a drift has ended: as many as twelve pairs have."""


@dataclass(frozen=True)
class Noise:
    """factors: (random, n) -> (n,), on the time of each block. machine: whether the whole machine
    is slower then, so that the reference work is as well, or only the process. wanders: whether a
    session's own median is all that a p50 can mean.
    """

    factors: Callable[[np.random.Generator, int], Array]
    machine: bool = True
    wanders: bool = False


def drift(most: float) -> Callable[[np.random.Generator, int], Array]:
    """Slower and slower while it warms up, then as warm as it gets."""
    return lambda random, n: 1 + most * np.minimum(np.arange(n) / WARM, 1)


def walk(random: np.random.Generator, n: int) -> Array:
    """Each block 2 % faster or slower than the one before."""
    return np.asarray(np.exp(np.cumsum(random.normal(0, 0.02, n))))


def spikes(random: np.random.Generator, n: int) -> Array:
    """One block of ten much slower, by 30 % on average."""
    return np.where(random.random(n) < 0.1, 1 + random.exponential(0.3, n), 1)


def by_process(gap: float) -> Callable[[np.random.Generator, int], Array]:
    """Each process in one of two modes, as its memory happens to lie."""
    return lambda random, n: np.where(random.random(n) < 0.5, 1 + gap, 1)


def in_time(random: np.random.Generator, n: int) -> Array:
    """Two modes 10 % apart; from one block to the next the other one in 15 % of cases."""
    switches = random.random(n) < 0.15
    modes = (np.cumsum(switches) + random.integers(2)) % 2
    return np.where(modes == 1, 1.10, 1)


def every(period: int, slow: int) -> Callable[[np.random.Generator, int], Array]:
    """The first `slow` blocks of every `period` slower by 15 %."""
    return lambda _, n: np.where(np.arange(n) % period < slow, 1.15, 1)


def heavy(random: np.random.Generator, n: int) -> Array:
    """Slower by 3 % times the size of Student's t with 1.5 degrees of freedom."""
    return np.asarray(np.exp(0.03 * np.abs(random.standard_t(1.5, n))))


def days(random: np.random.Generator, n: int) -> Array:
    """One factor for a whole session, another one another day."""
    return np.full(n, np.exp(random.normal(0, 0.03)))


NOISES = {
    "independent": Noise(lambda _, n: np.ones(n)),
    "drift 10 %": Noise(drift(0.10), wanders=True),
    "drift 22 %": Noise(drift(0.22), wanders=True),
    "random walk": Noise(walk, wanders=True),
    "spikes": Noise(spikes),
    "two modes by process, 8 %": Noise(by_process(0.08), machine=False),
    "two modes by process, 15 %": Noise(by_process(0.15), machine=False),
    "two modes in time, 10 %": Noise(in_time),
    "every other block slower": Noise(every(2, 1), machine=False),
    "two of four blocks slower": Noise(every(4, 2), machine=False),
    "heavy tails by block": Noise(heavy, machine=False),
    "days that differ by 3 %": Noise(days),
}
