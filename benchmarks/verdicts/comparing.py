"""`compare` on a simulated machine: how often it says what, and after how many pairs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from machine import Machine
from noises import NOISES

from edgehone.measure.comparison import LOOKS, MARGIN, conclude
from edgehone.measure.device import resolve
from edgehone.measure.exchange import Answer
from edgehone.measure.randomization import pairs_of, word
from edgehone.measure.rounds import Rounds, counted, extended
from edgehone.values import silent

DEVICE = resolve("local@scripted://")
RATIOS = (1.0, 1.02, 1.05)
INTERVALS = 8
"""Every how many trials the interval is worked out as well: it costs most of the time."""


@dataclass(frozen=True)
class Row:
    """Shares of trials under one noise at one true ratio. covered: of the intervals, those that
    hold the truth; pairs: the mean number that was measured until it was decided.
    """

    noise: str
    ratio: float
    trials: int
    slower: float
    faster: float
    same: float
    pairs: float
    covered: float


def rows(trials: int, seed: int, noises: Sequence[str] = tuple(NOISES)) -> list[dict[str, object]]:
    """One row a noise and true ratio."""
    return [
        asdict(row(noise, ratio, trials, seed + place))
        for place, noise in enumerate(noises)
        for ratio in RATIOS
    ]


def row(noise: str, ratio: float, trials: int, seed: int) -> Row:
    """All trials of one noise at one true ratio."""
    words, pairs, covered = [], [], []
    for trial in range(trials):
        found = one(noise, ratio, seed * 100_003 + trial, interval=trial % INTERVALS == 0)
        words.append(found.word)
        pairs.append(found.pairs)
        covered += [] if found.covers is None else [found.covers]
    slower, faster, same = (words.count(each) / trials for each in ("slower", "faster", "same"))
    measured, held = float(np.mean(pairs)), float(np.mean(covered))
    return Row(noise, ratio, trials, slower, faster, same, measured, held)


@dataclass(frozen=True)
class Found:
    """What one comparison came to."""

    word: str
    pairs: int
    covers: bool | None


def one(noise: str, ratio: float, seed: int, *, interval: bool) -> Found:
    """One comparison: looks, rejected rounds and all, as `comparison.compare` does them."""
    machine = Machine(NOISES[noise], (ratio, 1.0), seed, np.random.default_rng(seed))
    rounds = Rounds(Answer({}, {}))
    said = "inconclusive"
    for look in LOOKS:
        rounds = extended(rounds, look.pairs, DEVICE, machine.measure, silent)
        answer, common = counted(rounds, look.pairs, DEVICE)
        numbers = np.array(common["rounds"])
        times = np.array(
            [
                [answer.jobs[f"{place}/latency/{number}"]["samples_ns"][0] for place in (0, 1)]
                for number in numbers
            ]
        )
        pairs = pairs_of(times, numbers, seed)
        said = word(pairs, look.alpha, float(np.log1p(MARGIN)))
        if said != "inconclusive":
            break
    covers = None
    if interval:
        low, high = conclude(pairs, look, MARGIN).ci95
        covers = low <= ratio <= high
    return Found(said, machine.blocks // 2, covers)
