"""Which of two artifacts is faster: pairs of blocks in drawn orders, as many as it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgehone.decide.decision import ONLY_SLOWER
from edgehone.errors import ExecutionError
from edgehone.measure import randomization
from edgehone.measure.device import Device
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import failed, measure_until
from edgehone.measure.randomization import Interval, Pairs, Word
from edgehone.stats import percentile, ratio_ci
from edgehone.values import Artifact, Latency, Measurement, Progress, RuntimeInfo, silent

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """A look at the pairs measured so far; alpha: the chance of a false difference it may spend."""

    pairs: int
    alpha: float


LOOKS = (Look(12, 0.003), Look(18, 0.0015), Look(24, 0.0015), Look(36, 0.003))
"""All together spend ALPHA, so looking often raises no more false alarms. Twelve pairs are the
fewest whose drawings support 0.003 for either of two statistics."""
ALPHA = 0.009
FEWEST_PAIRS = LOOKS[0].pairs
MOST_PAIRS = LOOKS[-1].pairs
MARGIN = 0.02
"""Ratios this near to 1 are called the same."""


@dataclass(frozen=True)
class Finding:
    """What pairs say of A against B: ratio is A / B, ci95 its interval at 1 - alpha (0.99 or more
    over all looks), reason what else is to be known.
    """

    ratio: float
    ci95: Interval
    verdict: Word
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """How A's p50 compares with B's: ratio is A / B, "faster" means A is, "same" that they differ
    by less than the margin, reason says more. pairs: 0 where both files
    have the same content, and nothing was measured.
    """

    ratio: float
    ci95: tuple[float, float]
    pairs: int
    verdict: Word
    measurements: tuple[Measurement, Measurement]
    reason: str = ""
    margin: float = MARGIN
    looks: int = 1


def looks_up_to(most: int) -> tuple[Look, ...]:
    """The looks of a comparison of at most so many pairs (FEWEST_PAIRS or more), which spend ALPHA
    all together.
    """
    earlier = [look for look in LOOKS if look.pairs < most]
    spent = sum(look.alpha for look in earlier)
    return (*earlier, Look(max(most, FEWEST_PAIRS), ALPHA - spent))


def compare(
    a: Artifact,
    b: Artifact,
    device: Device,
    plan: MeasurePlan,
    progress: Progress = silent,
    *,
    most: int = MOST_PAIRS,
    margin: float = MARGIN,
) -> Comparison:
    """Compare two artifacts on one device by 12 to `most` pairs of blocks, until it is decided.

    Each pair is one block of each, one right after the other, in an order that is drawn; pairs that
    stayed disturbed are left out while most are not. Raises ExecutionError when either cannot be
    run, and what `measure` raises.
    """
    looks = looks_up_to(most)
    seen: list[Word] = []

    def decided(found: list[Measurement]) -> bool:
        if device.info.emulated or any(one.latency is None for one in found):
            return True
        pairs = _pairs(found, plan.seed)
        seen.append(_word(pairs, looks[len(seen)], margin))
        return seen[-1] != "inconclusive"

    counts = [look.pairs for look in looks]
    asked = replace(plan, blocks=counts[0], latency=True)
    first, second = measure_until([a, b], device, asked, counts[1:], decided, progress)
    if first.latency is None or second.latency is None:
        broken = first if failed(first) else second
        message = f"{broken.artifact.path} {broken.reason.rstrip('.')}."
        raise ExecutionError(message, "Compare two files that both run.")
    pairs = _pairs([first, second], plan.seed)
    look = looks[max(len(seen), 1) - 1]
    found = conclude(pairs, look, margin)
    if device.info.emulated:
        reason = "the device is emulated; its times are no device's latency"
        found = replace(found, verdict="inconclusive", reason=reason)
    found = trusted(found, (first, second))
    return Comparison(
        found.ratio,
        found.ci95,
        len(pairs.times),
        found.verdict,
        (first, second),
        found.reason,
        margin,
        max(len(seen), 1),
    )


def equal(a: Artifact, b: Artifact, device: Device, margin: float = MARGIN) -> Comparison:
    """Two files of the same content, which no device can tell apart, so that none is asked."""
    reason = f"{a.path} and {b.path} have the same content, so nothing was measured"
    nothing = RuntimeInfo("none", "", "", 0)
    first, second = (Measurement(each, device.info, nothing, None, None) for each in (a, b))
    return Comparison(1.0, (1.0, 1.0), 0, "same", (first, second), reason, margin)


def trusted(found: Finding, measurements: Sequence[Measurement]) -> Finding:
    """The finding, inconclusive where a measurement was slowed down: that need not slow both files
    by one factor.
    """
    slowed = [one for one in measurements if one.verdict in ONLY_SLOWER]
    if not slowed:
        return found
    words = "; ".join(dict.fromkeys(f"{one.verdict}: {one.reason}" for one in slowed))
    return replace(found, verdict="inconclusive", reason=f"the measurements are {words}")


def conclude(pairs: Pairs, look: Look, margin: float) -> Finding:
    """What may be said at this look, with the ratio, its interval, and a reason where it is short.

    The interval and the word never contradict each other.
    """
    word = _word(pairs, look, margin)
    centre = randomization.estimate(pairs)
    if randomization.p_value(pairs.shifted(centre)) <= look.alpha:
        return _of_no_one_factor(pairs, look.alpha)
    same = float(np.log1p(margin))
    within = {"faster": (-np.inf, 0.0), "slower": (0.0, np.inf), "same": (-same, same)}
    low, high = randomization.interval(
        pairs, look.alpha, centre, within.get(word, (-np.inf, np.inf))
    )
    found = Finding(float(np.exp(centre)), (float(np.exp(low)), float(np.exp(high))), word)
    if word != "inconclusive":
        return found
    count, wanted = len(pairs.times), look.pairs
    if count < min(FEWEST_PAIRS, wanted):
        return replace(found, reason=f"only {count} of {wanted} pairs were undisturbed")
    return replace(found, reason="the interval contains 1, and is not within the margin")


def _word(pairs: Pairs, look: Look, margin: float) -> Word:
    return randomization.word(pairs, look.alpha, float(np.log1p(margin)))


def _of_no_one_factor(pairs: Pairs, alpha: float) -> Finding:
    """By signed ranks alone, where no ratio makes the two alike: one has modes the other has not,
    for example.
    """
    ratio, (low, high) = ratio_ci([(each, 1.0) for each in np.exp(pairs.logs)], alpha=alpha)
    word: Word = "faster" if high < 1 else "slower" if low > 1 else "inconclusive"
    return Finding(ratio, (low, high), word, "their times differ by more than one factor")


def _pairs(found: Sequence[Measurement], seed: int) -> Pairs:
    first, second = (_typical(one.latency) for one in found)
    numbers = np.array(found[0].conditions["rounds"], dtype=np.int_)
    return randomization.pairs_of(np.stack([first, second], axis=1), numbers, seed)


def _typical(latency: Latency | None) -> Array:
    blocks = latency.blocks_ms if latency is not None else ()
    return np.array([percentile(block, 50) for block in blocks])
