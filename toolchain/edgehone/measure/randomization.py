"""Which of two files is faster, from pairs of blocks in drawn orders: a randomization test.

A pair is one block of each file, one right after the other; which comes first is drawn. If the
files are alike, another drawing would have put the same times under other names. So the drawings
that might have been say how often chance alone gives what was seen, whatever the noise is that
does not know the names: drift, modes, spikes, heavy tails (Edgington & Onghena 2007).
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Interval = tuple[float, float]
Word = Literal["faster", "slower", "same", "inconclusive"]

SEGMENT = 12
"""Pairs over which orders are balanced, so that a disturbance of every other block cancels."""
LEANING = 1
"""How far from half of a segment one order may be: 2508 of 4096 drawings. Exact balance would
leave 924, too few for a p-value that a first look may spend."""
DRAWS = 4000
"""Drawings that a test compares with: a p-value of 0.003 is then known to within 0.0009."""
WIDEST = 3.0
"""Log ratio (a factor of 20) beyond which an interval is called unbounded."""
STEPS = 14
"""Halvings of the bracket of an interval's end: 1 / 16384 of it."""


@dataclass(frozen=True)
class Pairs:
    """Log times of pairs. times: (n, 2), in the order in which they were measured; first: (n,),
    +1 where the first is A's, -1 where it is B's; drawings: (d, n), orders that could have been,
    the real one first.
    """

    times: Array
    first: Array
    drawings: Array

    @property
    def logs(self) -> Array:
        """Log ratios A / B (n,)."""
        return np.asarray(self.first * (self.times[:, 0] - self.times[:, 1]))

    def shifted(self, log_ratio: float) -> "Pairs":
        """The same with A's times divided by a ratio: what is alike then differs by it."""
        positive = np.stack([self.first > 0, self.first < 0], axis=1)
        return replace(self, times=self.times - log_ratio * positive)


def orders(seed: int, count: int) -> Array:
    """The first `count` drawn orders (count,), +1 or -1: half of each segment or nearly so."""
    return _draw(np.random.default_rng([seed, 0]), 1, count).reshape(count)


def pairs_of(times: Array, numbers: NDArray[np.int_], seed: int) -> Pairs:
    """Pairs from times (n, 2), A's and B's, of the rounds of these numbers, ordered by `orders`.

    Other drawings are restricted to the same rounds, so that rounds may be left out for reasons
    that do not know the names. Few are all enumerated.
    """
    count = int(numbers.max()) + 1
    first = orders(seed, count)
    if count <= SEGMENT:
        others = _patterns()[:, :count]
    else:
        others = _draw(np.random.default_rng([seed, 1]), DRAWS - 1, count)
    drawings = np.concatenate([first[None], others])[:, numbers]
    logs = np.log(times)
    positive = first[numbers]
    return Pairs(np.where(positive[:, None] > 0, logs, logs[:, ::-1]), positive, drawings)


def p_value(pairs: Pairs) -> float:
    """How likely so large a difference is if the files are alike; two-sided.

    The smaller p-value of two statistics, itself judged by the drawings (Westfall & Young 1993):
    Wilcoxon's signed ranks of the pairs, which a drift does not reach; and the kernel distance of
    the two files' times (Gretton et al. 2012), which sees a shift of narrow modes that spikes,
    modes by process and heavy tails leave behind.
    """
    found = [_upper_shares(_signed_ranks(pairs)), _upper_shares(_distances(pairs))]
    least = np.minimum(*found)
    return float((least <= least[0] + 1e-12).mean())


def estimate(pairs: Pairs) -> float:
    """The log ratio A / B under which the files look most alike by both statistics, each in
    standard deviations of its drawings.
    """
    candidates, scores = _scored(pairs)
    return float(np.median(candidates[scores <= scores.min() + 0.1]))


def sided(pairs: Pairs, alpha: float) -> int:
    """+1 where A is slower, -1 where it is faster, 0 where neither is certain: the files may be
    alike, or a ratio on either side of 1 makes them so, as half of the modes then coincide.
    """
    if p_value(pairs) > alpha:
        return 0
    side = 1 if estimate(pairs) > 0 else -1
    candidates, scores = _scored(pairs)
    against = side * candidates < 0
    if against.any():
        alternative = float(candidates[against][scores[against].argmin()])
        if p_value(pairs.shifted(alternative)) > alpha:
            return 0
    return side


def _scored(pairs: Pairs) -> tuple[Array, Array]:
    """Log ratios that may be, and how unlike the files look under each: quantiles of all
    differences between a time of A and one of B, and of averages of two pairs' differences.
    """
    positive = pairs.first > 0
    a = np.where(positive, pairs.times[:, 0], pairs.times[:, 1])
    b = np.where(positive, pairs.times[:, 1], pairs.times[:, 0])
    shares = np.linspace(0.05, 0.95, 61)
    rows, columns = np.triu_indices(pairs.logs.size)
    averages = (pairs.logs[rows] + pairs.logs[columns]) / 2
    candidates = np.concatenate(
        [np.quantile(np.subtract.outer(a, b), shares), np.quantile(averages, shares)]
    )
    return candidates, np.array([_score(pairs.shifted(each)) for each in candidates])


def interval(
    pairs: Pairs, alpha: float, centre: float, within: Interval = (-np.inf, np.inf)
) -> Interval:
    """All log ratios about `centre` that the test does not refuse at `alpha`, as their hull, cut
    to `within`. An end beyond WIDEST is infinite.
    """
    about = pairs.shifted(centre)
    low = centre - _reach(about, alpha, -1, centre - within[0])
    high = centre + _reach(about, alpha, +1, within[1] - centre)
    return low, high


def word(pairs: Pairs, alpha: float, margin: float) -> Word:
    """What may be said of A with an error of at most `alpha`: faster, slower, or the same within a
    log ratio of +-margin.
    """
    if side := sided(pairs, alpha):
        return "slower" if side > 0 else "faster"
    ends = (0.0, margin, -margin)
    within = [p_value(pairs.shifted(end)) <= alpha for end in ends]
    if within == [False, True, True] and abs(estimate(pairs)) < margin:
        return "same"
    return "inconclusive"


def _reach(pairs: Pairs, alpha: float, side: int, most: float) -> float:
    """How far from 0 on that side the outermost log ratio lies that is not refused."""
    end = min(most, WIDEST)
    tried = [*(step for step in 0.002 * 1.6 ** np.arange(16) if step < end), end]
    kept = [each for each in tried if p_value(pairs.shifted(side * each)) > alpha]
    inner = kept[-1] if kept else 0.0
    if inner == end:
        return end if most <= WIDEST else float("inf")
    outer = next(each for each in tried if each > inner)
    for _ in range(STEPS):
        middle = (inner + outer) / 2
        if p_value(pairs.shifted(side * middle)) > alpha:
            inner = middle
        else:
            outer = middle
    return float(outer)


def _signed_ranks(pairs: Pairs) -> Array:
    """|sum of signed ranks| of the pairs' differences under every drawing (d,)."""
    difference = pairs.times[:, 0] - pairs.times[:, 1]
    return np.abs(pairs.drawings @ _ranked(difference))


def _ranked(difference: Array) -> Array:
    ranks = np.argsort(np.argsort(np.abs(difference), kind="stable"), kind="stable") + 1.0
    return np.asarray(np.sign(difference) * ranks)


def _distances(pairs: Pairs) -> Array:
    """Squared kernel distance of A's from B's times under every drawing (d,), times n squared."""
    gram = _gram(pairs.times)
    return np.asarray(np.einsum("di,di->d", pairs.drawings @ gram, pairs.drawings))


def _gram(times: Array) -> Array:
    """(n, n): what two pairs add to the distance when both have their first block in front.

    The kernel is normal; its width is half of that of the narrower quarter of all windows that
    hold a sixth of the times, so that it fits a mode rather than the distance of two.
    """
    values = times.ravel()
    ordered, window = np.sort(values), min(max(2, values.size // 6), values.size - 1)
    widths = ordered[window:] - ordered[:-window]
    width = max(0.5 * float(np.quantile(widths, 0.25)), 1e-9)
    kernel = np.exp(-0.5 * ((values[:, None] - values[None, :]) / width) ** 2)
    fore, aft = kernel[0::2], kernel[1::2]
    return np.asarray(fore[:, 0::2] - fore[:, 1::2] - aft[:, 0::2] + aft[:, 1::2])


def _score(pairs: Pairs) -> float:
    """The larger of both statistics, in standard deviations over independent orders."""
    signed = _ranked(pairs.times[:, 0] - pairs.times[:, 1])
    ranks = abs(float(pairs.first @ signed)) / max(float(np.sqrt((signed**2).sum())), 1e-12)
    gram = _gram(pairs.times)
    others = float(2 * ((gram**2).sum() - (np.diag(gram) ** 2).sum()))
    distance = float(pairs.first @ gram @ pairs.first) - float(np.trace(gram))
    return max(ranks, distance / max(float(np.sqrt(others)), 1e-12))


def _upper_shares(found: Array) -> Array:
    """For each value the share of all that are at least as large (d,)."""
    ordered = np.sort(found)
    below = np.searchsorted(ordered, found - 1e-9 * (1 + np.abs(found)), side="left")
    return np.asarray((found.size - below) / found.size)


@lru_cache(maxsize=1)
def _patterns() -> Array:
    """All orders of one segment (2508, 12)."""
    every = np.array(list(product((1.0, -1.0), repeat=SEGMENT)))
    return np.asarray(every[np.abs(every.sum(axis=1)) <= 2 * LEANING])


def _draw(random: np.random.Generator, draws: int, count: int) -> Array:
    patterns = _patterns()
    segments = -(-count // SEGMENT)
    picked = np.stack([random.integers(len(patterns), size=draws) for _ in range(segments)], axis=1)
    return np.asarray(patterns[picked].reshape(draws, -1)[:, :count])
