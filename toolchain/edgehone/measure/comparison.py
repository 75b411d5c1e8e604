"""Which of two artifacts is faster: interleaved pairs of blocks, and the ratio's interval."""

from dataclasses import dataclass, replace
from typing import Literal

from edgehone.errors import ExecutionError
from edgehone.measure.device import Device
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import failed, measure
from edgehone.stats import percentile, ratio_ci
from edgehone.values import Artifact, Latency, Measurement, Progress, silent

PAIRS = 12
FEWEST_PAIRS = 6
"""Fewer pairs support no 95 % interval."""


@dataclass(frozen=True)
class Comparison:
    """How A's p50 compares with B's: ratio is A / B, "faster" means A is, reason says more."""

    ratio: float
    ci95: tuple[float, float]
    pairs: int
    verdict: Literal["faster", "slower", "inconclusive"]
    measurements: tuple[Measurement, Measurement]
    reason: str = ""


def compare(
    a: Artifact,
    b: Artifact,
    device: Device,
    plan: MeasurePlan,
    progress: Progress = silent,
) -> Comparison:
    """Compare two artifacts on one device; plan.blocks is the number of pairs (at least 6).

    Each pair is one block of each, one right after the other, in alternating order; pairs that
    stayed disturbed are left out while most are not. Raises
    ExecutionError when either cannot be run, and what `measure` raises.
    """
    pairs = max(plan.blocks or PAIRS, FEWEST_PAIRS)
    first, second = measure([a, b], device, replace(plan, blocks=pairs, latency=True), progress)
    if first.latency is None or second.latency is None:
        broken = first if failed(first) else second
        message = f"{broken.artifact.path} {broken.reason.rstrip('.')}."
        raise ExecutionError(message, "Compare two files that both run.")
    found = list(zip(_typical(first.latency), _typical(second.latency), strict=True))
    ratio, ci95 = ratio_ci(found)
    word = _word(ci95)
    reason = "the interval contains 1" if word == "inconclusive" else ""
    if len(found) < FEWEST_PAIRS:
        reason = f"only {len(found)} of {pairs} pairs were undisturbed"
    if device.info.emulated:
        word, reason = "inconclusive", "the device is emulated; its times are no device's latency"
    return Comparison(ratio, ci95, len(found), word, (first, second), reason)


def _typical(latency: Latency) -> list[float]:
    return [percentile(block, 50) for block in latency.blocks_ms]


def _word(ci95: tuple[float, float]) -> Literal["faster", "slower", "inconclusive"]:
    low, high = ci95
    if high < 1:
        return "faster"
    return "slower" if low > 1 else "inconclusive"
