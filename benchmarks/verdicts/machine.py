"""A simulated machine that answers as the runner program does: rounds of blocks, one request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from noises import Noise
from numpy.typing import NDArray

from edgehone.measure.exchange import Answer
from edgehone.measure.jobs import ordered

Array = NDArray[np.float64]

HORIZON = 256
"""Blocks for which noise is made: 36 rounds of two, and as many repeated."""
SAMPLE, BLOCK, REFERENCE = 0.02, 0.01, 0.02
"""Standard deviations of one inference, of one process, and of the reference work's time."""
SAMPLES = 300
"""Inferences of a block."""
REFERENCE_NS = 100_000.0


@dataclass
class Machine:
    """speeds: time in ms by file. summary: a block answers with one time, drawn as the median of
    its inferences is, instead of with all of them.
    """

    noise: Noise
    speeds: Sequence[float]
    seed: int
    random: np.random.Generator
    summary: bool = True
    blocks: int = 0
    factors: Array = field(init=False)
    references: Array = field(init=False)

    def __post_init__(self) -> None:
        self.factors = self.noise.factors(self.random, HORIZON)
        machine = self.factors if self.noise.machine else np.ones(HORIZON)
        jitter = np.abs(self.random.normal(0, REFERENCE, (2, HORIZON)))
        self.references = 0.1 * machine * (1 + jitter)

    def measure(self, numbers: Sequence[int]) -> Answer:
        """Rounds of these numbers, in the order that a real request would give them."""
        jobs: dict[str, Any] = {}
        for number in numbers:
            for place in ordered(range(len(self.speeds)), number, self.seed):
                jobs[f"{place}/latency/{number}"] = self._block(place)
        return Answer({}, jobs)

    def _block(self, place: int) -> dict[str, Any]:
        at, self.blocks = self.blocks, self.blocks + 1
        before, after = self.references[:, at]
        typical = self.speeds[place] * self.factors[at] * np.exp(self.random.normal(0, BLOCK))
        return {
            "samples_ns": self._samples(typical),
            "cold_ns": 1e6,
            "init_ns": 1e6,
            "conditions": {"before": {"reference_ms": before}, "after": {"reference_ms": after}},
        }

    def _samples(self, typical: float) -> list[float]:
        if self.summary:
            error = SAMPLE * np.sqrt(np.pi / 2 / SAMPLES)
            return [1e6 * typical * float(np.exp(self.random.normal(0, error)))]
        drawn = typical * np.exp(self.random.normal(0, SAMPLE, SAMPLES))
        kept: list[float] = (1e6 * drawn[:40]).tolist()
        return kept
