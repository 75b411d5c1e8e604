"""`gate` with a limit on p50 on a simulated machine: how often it passes, fails, or neither."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from machine import HORIZON, Machine
from noises import NOISES
from numpy.typing import NDArray

from edgehone.budgets import Budget, Check
from edgehone.decide.decision import check
from edgehone.decide.timing import LOOKS, Timing, between_days
from edgehone.measure.device import resolve
from edgehone.measure.exchange import Answer
from edgehone.measure.rounds import Rounds, counted, extended
from edgehone.values import Artifact, DeviceInfo, Latency, Measurement, RuntimeInfo, silent

Array = NDArray[np.float64]
DEVICE = resolve("local@scripted://")
FIRST = 6
"""Blocks of the first look, as the profile of `local` has them."""
DAYS = "days that differ by 3 %"
EARLIER = 6
"""Sessions that the store knows of, where days differ and the store is asked."""
PLACES = {
    "5 % over": 1 / 1.05,
    "at the limit": 1.0,
    "3 % under": 1 / 0.97,
    "5 % under": 1 / 0.95,
    "25 % under": 1 / 0.75,
}
"""The limit over the true p50."""


@dataclass(frozen=True)
class Row:
    """Shares of trials at one distance from the limit. told: of the inconclusive ones, those that
    name a number of further blocks; blocks: the mean number measured.
    """

    noise: str
    place: str
    trials: int
    passed: float
    failed: float
    told: float
    blocks: float


def rows(trials: int, seed: int, noises: Sequence[str] = tuple(NOISES)) -> list[dict[str, object]]:
    """One row a noise and place; days that differ also with what a store has learnt of them."""
    found = []
    for number, noise in enumerate(noises):
        found += [asdict(each) for each in place_rows(noise, trials, seed + number, earlier=0)]
        if noise == DAYS:
            known = place_rows(noise, trials, seed + number, earlier=EARLIER)
            label = f"{noise}, {EARLIER} earlier days in the store"
            found += [asdict(replace(each, noise=label)) for each in known]
    return found


def place_rows(noise: str, trials: int, seed: int, *, earlier: int) -> list[Row]:
    """All trials of one noise, each held against every limit."""
    checks: dict[str, list[tuple[Check, int]]] = {place: [] for place in PLACES}
    for trial in range(trials):
        session = Session(noise, seed * 100_003 + trial)
        timing = session.learnt(earlier)
        for place, factor in PLACES.items():
            checks[place].append(session.judged(factor, timing))
    return [_row(noise, place, found) for place, found in checks.items()]


def _row(noise: str, place: str, found: Sequence[tuple[Check, int]]) -> Row:
    words = [one.verdict for one, _ in found]
    opened = [one for one, _ in found if one.verdict == "inconclusive"]
    lines = [one.further_blocks is not None for one in opened]
    return Row(
        noise,
        place,
        len(found),
        words.count("pass") / len(found),
        words.count("fail") / len(found),
        sum(lines) / max(len(lines), 1),
        float(np.mean([blocks for _, blocks in found])),
    )


class Session:
    """One day at one machine; its blocks are the same whichever limit is asked about."""

    def __init__(self, noise: str, seed: int) -> None:
        self._noise, self._seed = noise, seed
        self._random = np.random.default_rng(seed)
        machine = Machine(NOISES[noise], (1.0,), seed, self._random, summary=False)
        self.truth = true_p50(noise, machine)
        rounds = Rounds(Answer({}, {}))
        self._looks = []
        for wanted in (FIRST, *LOOKS):
            rounds = extended(rounds, wanted, DEVICE, machine.measure, silent)
            answer, _ = counted(rounds, wanted, DEVICE)
            self._looks.append((_measurement(answer), machine.blocks))

    def learnt(self, earlier: int) -> Timing:
        """What sessions on earlier days tell of their spread."""
        kind = NOISES[self._noise]
        return between_days([float(kind.factors(self._random, 1)[0]) for _ in range(earlier)])

    def judged(self, factor: float, timing: Timing) -> tuple[Check, int]:
        """The gate's check against that factor of the truth, and the blocks that it took."""
        budget = Budget("latency_p50_ms", "max", factor * self.truth)
        found = [check(measurement, budget, timing) for measurement, _ in self._looks[:1]]
        for measurement, _ in self._looks[1:]:
            if found[-1].further_blocks is None:
                break
            found.append(check(measurement, budget, timing))
        return found[-1], self._looks[len(found) - 1][1]


def true_p50(noise: str, machine: Machine) -> float:
    """The machine's p50 in the long run; of noise that wanders, over the session at hand."""
    if NOISES[noise].wanders:
        return float(np.median(machine.factors[: LOOKS[-1]]))
    return _long_run(noise)


@lru_cache
def _long_run(noise: str) -> float:
    random = np.random.default_rng(0)
    if noise == DAYS:
        return 1.0
    sessions = [NOISES[noise].factors(random, HORIZON) for _ in range(400)]
    blurred = np.concatenate(sessions) * np.exp(random.normal(0, 0.01, 400 * HORIZON))
    return float(np.median(blurred * np.exp(random.normal(0, 0.02, blurred.size))))


def _measurement(answer: Answer) -> Measurement:
    blocks = [np.array(job["samples_ns"]) / 1e6 for job in answer.jobs.values()]
    once = (1.0,) * len(blocks)
    latency = Latency(tuple(tuple(block.tolist()) for block in blocks), once, once)
    artifact = Artifact(Path("a.tflite"), "tflite", "int8", 1, 1, "")
    runtime = RuntimeInfo("litert", "", "cpu", 1)
    return Measurement(artifact, DeviceInfo("local", "local"), runtime, latency, None)
