"""Statistics of repeated measurements: percentiles, and intervals that admit what they don't know.

Samples come in blocks. Samples of one block share a process, a clock frequency and a memory
layout, so blocks, not samples, are what is independent; intervals resample blocks first.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import DataError
from edgehone.values import Latency, Plain

Array = NDArray[np.float64]
Blocks = Sequence[Sequence[float] | Array]
Interval = tuple[float, float]
Statistic = Callable[[Array], Array]
"""Maps draws (d, n) to one number per draw (d,)."""

REMEMBERED = 128
"""How many intervals are remembered, with the samples they are of."""
_NORMAL = NormalDist()
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Two-sided 95 % points of Student's t for 1 to 10 degrees of freedom (any table)."""


def percentile(samples: Sequence[float] | Array, percent: float) -> float:
    """The value below which `percent` (0 to 100) of the samples lie, linearly interpolated.

    Raises DataError when there are no samples.
    """
    return float(np.percentile(_some(samples), percent))


def student_t95(degrees: int) -> float:
    """Two-sided 95 % point of Student's t; beyond the table by Abramowitz & Stegun 26.7.5."""
    if degrees <= len(_T95):
        return _T95[max(degrees, 1) - 1]
    z = _NORMAL.inv_cdf(0.975)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def mean_ci(values: Sequence[float] | Array) -> Interval:
    """95 % interval of the mean of independent values, by Student's t; one value: (v, v)."""
    found = _some(values)
    mean = float(found.mean())
    if found.size == 1:
        return mean, mean
    half = student_t95(found.size - 1) * float(found.std(ddof=1)) / float(np.sqrt(found.size))
    return mean - half, mean + half


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation of two quantities of the same things, in [-1, 1]; equal values share the
    mean of their ranks. None: fewer than two things, or one quantity is the same for all.
    """
    ranks = np.array([_ranks(first), _ranks(second)])
    if ranks.shape[1] < 2 or (ranks.std(axis=1) == 0).any():
        return None
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(values: Sequence[float]) -> Array:
    _, places, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[places], dtype=np.float64)


def wilson(successes: int, trials: int) -> Interval:
    """95 % interval of a proportion, within [0, 1]. Wilson 1927; no trials: (0, 1)."""
    if trials <= 0:
        return 0.0, 1.0
    z = _NORMAL.inv_cdf(0.975)
    rate = successes / trials
    centre = rate + z * z / (2 * trials)
    half = z * float(np.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)))
    scale = 1 + z * z / trials
    low, high = (centre - half) / scale, (centre + half) / scale
    return max(0.0, min(low, rate)), min(1.0, max(high, rate))


def paired_interval(trials: int, worse: float, better: float) -> Interval:
    """95 % interval of a difference of paired proportions, (worse - better) / trials.

    worse, better: how many of the pairs changed for the worse and for the better. Half a sample is
    added to each of the four cells, so that no change at all still leaves doubt. Agresti & Min
    2005.
    """
    n = trials + 2
    first, second = worse + 0.5, better + 0.5
    centre, drop = (first - second) / n, (worse - better) / trials
    spread = first + second - (first - second) ** 2 / n
    half = _NORMAL.inv_cdf(0.975) * float(np.sqrt(spread)) / n
    return min(centre - half, drop), max(centre + half, drop)


def bootstrap_ci(
    blocks: Blocks, statistic: Statistic, *, seed: int = 0, draws: int = 1000
) -> Interval:
    """95 % interval of a statistic of all samples, by resampling blocks, then samples in them.

    blocks: ragged is fine, one block is a plain bootstrap. The few blocks' interval is widened as
    Student's t widens a mean's ("expanded percentile", Hesterberg 2015, section 5.3).
    Raises DataError when there are no samples.
    """
    kept = [_some(block) for block in blocks if len(block)]
    pool = np.concatenate([_some(kept[0] if kept else ()), *kept[1:]])
    starts = np.cumsum([0, *(block.size for block in kept)])
    sizes = np.diff(starts)
    rng = np.random.default_rng(seed)
    per_block = max(1, pool.size // len(kept))
    found = []
    for _ in range(0, draws, step := max(1, 4_000_000 // pool.size)):
        chosen = rng.integers(len(kept), size=(step, len(kept), 1))
        places = rng.random((step, len(kept), per_block))
        index = starts[chosen] + (places * sizes[chosen]).astype(np.intp)
        found.append(statistic(pool[index].reshape(step, -1)))
    return _expanded(np.concatenate(found)[:draws], len(kept))


def percentile_ci(blocks: Blocks, percent: float, *, seed: int = 0, draws: int = 2000) -> Interval:
    """95 % interval of a percentile of all samples; the fast form of `bootstrap_ci`.

    Blocks are resampled by weighting their samples; resampling n samples then means that the
    percentile sits at rank Beta(p n, (1 - p) n) of the weighted ones (David & Nagaraja, Order
    Statistics, 2.1), so that no sample is copied. Raises DataError when there are no samples.
    """
    kept = tuple(_some(block).tobytes() for block in blocks if len(block))
    return _percentile_ci(kept, percent, seed, draws)


@lru_cache(maxsize=REMEMBERED)
def _percentile_ci(blocks: tuple[bytes, ...], percent: float, seed: int, draws: int) -> Interval:
    """`percentile_ci` of blocks given as the bytes of their float64 samples: a run asks for the
    interval of the same samples again and again.
    """
    kept = [np.frombuffer(block) for block in blocks]
    pool = np.concatenate([_some(kept[0] if kept else ()), *kept[1:]])
    owner = np.repeat(np.arange(len(kept)), [block.size for block in kept])
    order = np.argsort(pool, kind="stable")
    pool, owner = pool[order], owner[order]
    rng = np.random.default_rng(seed)
    count = pool.size
    fraction = min(max(percent / 100, 0.5 / count), 1 - 0.5 / count)
    ranks = rng.beta(fraction * count + 1e-9, (1 - fraction) * count + 1e-9, draws)
    times = rng.multinomial(len(kept), np.full(len(kept), 1 / len(kept)), size=draws)
    weights, which = np.unique(times, axis=0, return_inverse=True)
    found = np.empty(draws)
    for row, weight in enumerate(weights):
        mass = np.cumsum(weight[owner], dtype=np.float64)
        of_row = which.ravel() == row
        places = np.searchsorted(mass, ranks[of_row] * mass[-1], side="left")
        found[of_row] = pool[np.minimum(places, count - 1)]
    return _expanded(found, len(kept))


def ratio_ci(
    pairs: Sequence[tuple[float, float]], *, alpha: float = 0.05
) -> tuple[float, Interval]:
    """Typical ratio a / b of positive pairs (n, 2) and its interval at 1 - alpha; robust to
    outliers.

    Hodges-Lehmann estimate on log ratios, with the exact interval of Wilcoxon's signed-rank test
    (Hollander & Wolfe 1999, section 3.3). Pairs that are too few to support it (fewer than
    six, for 95 %) have the interval (0, inf). Raises DataError for no pairs or values that are
    not positive.
    """
    values = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    if not values.size or not (values > 0).all():
        raise DataError(f"Ratios need pairs of positive values, got {list(pairs)!r}.")
    logs = np.log(values[:, 0] / values[:, 1])
    rows, columns = np.triu_indices(logs.size)
    walsh = np.sort((logs[rows] + logs[columns]) / 2)
    ratio = float(np.exp(np.median(walsh)))
    skip = _signed_rank_cut(logs.size, alpha)
    if skip == 0:
        return ratio, (0.0, float("inf"))
    return ratio, (float(np.exp(walsh[skip - 1])), float(np.exp(walsh[-skip])))


def summarize(latency: Latency) -> Plain:
    """Latency as the published JSON has it: milliseconds, raw samples as one list per block.

    ci95 is the interval of p50; cold and init are medians over the blocks.
    Raises DataError when there are no samples.
    """
    pool = _some([sample for block in latency.blocks_ms for sample in block])
    p50, p90, p99 = np.percentile(pool, (50, 90, 99)).tolist()
    return {
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "mean": float(pool.mean()),
        "min": float(pool.min()),
        "max": float(pool.max()),
        "ci95": list(percentile_ci(latency.blocks_ms, 50)),
        "samples": [list(block) for block in latency.blocks_ms],
        "cold": percentile(latency.cold_ms, 50),
        "init": percentile(latency.init_ms, 50),
    }


def _some(samples: Sequence[float] | Array) -> Array:
    found = np.asarray(samples, dtype=np.float64)
    if not found.size:
        raise DataError("There are no samples.", "Measure again; a statistic needs at least one.")
    return found


def _expanded(found: Array, blocks: int) -> Interval:
    """The draws' 95 % interval, each tail Phi(-sqrt(n / (n - 1)) t) for 2 or more blocks.

    Hesterberg 2015.
    """
    tail = 0.025
    if blocks > 1:
        tail = _NORMAL.cdf(-float(np.sqrt(blocks / (blocks - 1))) * student_t95(blocks - 1))
    low, high = np.quantile(found, (tail, 1 - tail)).tolist()
    return low, high


def _signed_rank_cut(count: int, alpha: float) -> int:
    """How many Walsh averages to leave out at each end for 1 - alpha or more; 0: cannot be had."""
    ways = np.zeros(count * (count + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, count + 1):
        ways[rank:] = ways[rank:] + ways[:-rank]
    chance = np.cumsum(ways) / 2.0**count
    return int(np.searchsorted(chance, alpha / 2, side="right"))
