"""What the blocks of one session say of a device's latency in general, for an absolute limit.

A block may come out slower than another for reasons that a session of few blocks does not show:
another memory layout, another mode of the clock. So the interval is free of any assumption about
the blocks' distribution, and too few blocks are given room for a mode that was not seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb, exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edgehone.stats import Blocks, Interval, percentile, percentile_ci, student_t95
from edgehone.system.settings import BLOCKS

Array = NDArray[np.float64]

ERROR = 0.0005
"""Chance that the median of all blocks lies beyond one end: a gate that passes what is over its
limit is worse than one that asks for more blocks, and it looks several times."""
LOOKS = (12, 18, 24, 36)
"""Blocks after which a gate looks again, following its target's own number."""
UNSEEN = 0.20
"""Room for modes where there are fewer than FEWEST blocks: two of 8 to 15 % are common."""
FEWEST = 11
"""The fewest blocks of which the smallest and the largest enclose the median but for ERROR."""
MOST = 5000
"""More blocks than anybody would measure."""
APART = timedelta(hours=1)
"""What lies between two sessions: time for a device to warm up, cool down or be restarted."""
SESSIONS = 3
"""The fewest earlier sessions that tell of their spread."""
RECENT = 12
"""Blocks of which it is asked whether they rise or fall."""
FEWEST_OF_TREND = 6
TREND = 1.96
"""Standard deviations of Kendall's sum beyond which a device is taken to warm up or cool down."""
EXACT = 200
"""Blocks up to which the binomial is summed."""
_Z = NormalDist().inv_cdf(1 - ERROR)


@dataclass(frozen=True)
class Timing:
    """How timed metrics are read. days: standard deviation of the log between earlier sessions of
    the same file on the same device; sessions: how many there were (0: not known).
    """

    days: float = 0.0
    sessions: int = 0

    def interval(self, blocks: Blocks, percent: float) -> Interval:
        """The interval of a percentile over all the device's blocks, from some of one session, in
        the order in which they were measured.

        It encloses that of the median of the blocks' own percentiles by their order; where blocks
        are few, or the percentile is a tail's, also that of the bootstrap; and where they grow
        slower or faster, as much again as they did. Raises DataError when there are no samples.
        """
        centre, values = pooled(blocks, percent), block_values(blocks, percent)
        skip = skipped(values.size)
        low = high = centre
        if not skip or percent != 50:
            low, high = percentile_ci(blocks, percent)
        if skip:
            ordered = np.sort(values)
            low, high = min(low, float(ordered[skip - 1])), max(high, float(ordered[-skip]))
        else:
            low, high = low / (1 + UNSEEN), high * (1 + UNSEEN)
        ahead = where_it_leads(values)
        return self._over_days((min(low, ahead), max(high, ahead)), centre)

    def further(self, blocks: Blocks, percent: float, limit: float) -> int | None:
        """About how many more blocks would tell on which side of the limit the percentile lies,
        MOST or more being MOST; None when none would, as the days differ too much.
        """
        values, centre = block_values(blocks, percent), pooled(blocks, percent)
        if limit > 0 and centre > 0 and abs(log(centre / limit)) <= self._reach_of_days():
            return None
        above = float(np.mean(values > limit))
        beyond = min(above, 1 - above)
        count = values.size
        for wanted in range(max(count, FEWEST) + 1, count + MOST):
            if skipped(wanted) > beyond * wanted:
                return wanted - count
        return MOST

    def missing(self, further: int | None, count: int) -> str:
        """What would decide it, as the end of a sentence: `further` blocks besides `count`."""
        if further is None:
            return (
                f"; {self.sessions} earlier sessions differ by {self.days:.1%} (standard "
                "deviation), so no number of further blocks would decide it today"
            )
        days = f", {self.days:.1%} between earlier sessions included" if self.sessions else ""
        if further >= MOST:
            return f"{days}; it lies too near: {further} or more further blocks would decide it"
        more = BLOCKS.set(count + further)
        return f"{days}; about {further} further blocks would decide it ({more})"

    def _over_days(self, interval: Interval, centre: float) -> Interval:
        reach = self._reach_of_days()
        if not reach or centre <= 0 or interval[0] <= 0:
            return interval
        down, up = (log(centre / interval[0]), log(interval[1] / centre))
        return (
            centre * exp(-float(np.hypot(down, reach))),
            centre * exp(float(np.hypot(up, reach))),
        )

    def _reach_of_days(self) -> float:
        """Two-sided 95 % of where another day may lie, in logs."""
        return student_t95(self.sessions - 1) * self.days if self.sessions > 1 else 0.0


def between_days(p50s: Sequence[float]) -> Timing:
    """What earlier sessions' values tell: their spread when there are at least SESSIONS."""
    known = np.log([value for value in p50s if value > 0])
    if known.size < SESSIONS:
        return Timing()
    return Timing(float(known.std(ddof=1)), int(known.size))


def looks_after(blocks: int) -> tuple[int, ...]:
    """How many blocks in all a gate measures when those are not enough, one look after another."""
    return tuple(look for look in LOOKS if look > blocks)


def session_values(dated: Iterable[tuple[datetime, float]]) -> list[float]:
    """The median of each session: of what was measured less than APART after one another."""
    sessions: list[list[float]] = []
    latest: datetime | None = None
    for moment, value in sorted(dated):
        if latest is None or moment - latest >= APART:
            sessions.append([])
        sessions[-1].append(value)
        latest = moment
    return [float(np.median(values)) for values in sessions]


def block_values(blocks: Blocks, percent: float) -> Array:
    """Each block's own percentile, in their order (n,)."""
    return np.array([percentile(block, percent) for block in blocks if len(block)])


def pooled(blocks: Blocks, percent: float) -> float:
    """The percentile of all samples together."""
    pool = [np.asarray(block, dtype=np.float64) for block in blocks]
    return percentile(np.concatenate([[], *pool]), percent)


def where_it_leads(values: Array) -> float:
    """Where the values (n,) will be after as many again, if they rise or fall; else their median.

    Whether they do is tried at the last RECENT by Kendall's rank correlation with time (Mann 1945),
    how much they do is estimated by the median slope (Theil 1950, Sen 1968).
    """
    recent = values[-RECENT:]
    rows, columns = np.triu_indices(recent.size, 1)
    if recent.size < FEWEST_OF_TREND:
        return float(np.median(values))
    rises = recent[columns] - recent[rows]
    n = recent.size
    spread = sqrt(n * (n - 1) * (2 * n + 5) / 18)
    if abs(float(np.sign(rises).sum())) <= TREND * spread:
        return float(np.median(values))
    slope = float(np.median(rises / (columns - rows)))
    now = float(np.median(recent - slope * np.arange(n))) + slope * (n - 1)
    return max(now + slope * n, 0.0)


def skipped(count: int) -> int:
    """How many of `count` sorted values may be left out at each end so that what is left encloses
    the median with at most ERROR a side; 0 when even the extremes do not.

    By the sign test: the chance of k or fewer on one side is binomial; of many, nearly normal.
    """
    if count > EXACT:
        return int((count - 1 - _Z * sqrt(count)) / 2)
    chance = 0.0
    for below in range(count // 2):
        chance += comb(count, below) / 2**count
        if chance > ERROR:
            return below
    return count // 2
