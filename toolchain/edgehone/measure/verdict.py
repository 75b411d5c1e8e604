"""Whether a latency may be trusted, and in words why not and who is to blame."""

from collections.abc import Sequence
from typing import Any

from edgehone.measure.conditions import known
from edgehone.measure.device import Device
from edgehone.measure.device_state import THERMAL_STATUS
from edgehone.stats import percentile, percentile_ci
from edgehone.targets import Target
from edgehone.values import Latency, Plain, Verdict

DRIFT = 0.25
"""Growth of the reference work's time that means another speed; idle machines were seen to stay
within 0.12."""
WAITED = 0.10
"""Fraction of the time spent waiting for a CPU beyond which others were measured along."""
WIDTH = 0.10
"""Half-width of p50's 95 % interval, relative to p50, beyond which a number is called noisy."""
CLOCK_DROP = 0.10
"""Fall of the clock between blocks, relative to the highest, that means throttling."""
MODERATE = 2
"""Android's thermal status from which on it slows things down."""
BUSY_SHARE = 0.05
"""Fraction of a CPU from which on another process is worth naming."""
REMEDIES = {
    "under-voltage": "under-voltage: use a stronger power supply and a shorter cable",
    "clock capped": "the firmware capped the clock: cool the device and check its power supply",
    "throttled": "the firmware throttled it: cool the device and check its power supply",
    "soft temperature limit": "it reached the soft temperature limit: cool the device",
}
"""What to do, by what held a clock down."""


def judge(latency: Latency | None, conditions: Plain, device: Device) -> tuple[Verdict, str]:
    """The verdict on one artifact's blocks and its reason ("" when valid, or nothing was timed).

    conditions: as `conditions.collect` gives them. The first of these that holds: emulated,
    throttled, contended, noisy.
    """
    return judged(latency, conditions, device.target, emulated=device.info.emulated)


def judged(
    latency: Latency | None, conditions: Plain, target: Target, *, emulated: bool
) -> tuple[Verdict, str]:
    """`judge` of a kind of device, for what was measured earlier."""
    if emulated:
        return "emulated", "the device is emulated; its times are no device's latency"
    if latency is None:
        return "valid", ""
    if reason := _throttled(conditions, target):
        return "throttled", reason
    if reason := _contended(conditions):
        return "contended", reason
    if reason := _noisy(latency):
        return "noisy", reason
    return "valid", ""


def spread(counts: Sequence[int]) -> str:
    """What to add to a reason when inferences took different numbers of instructions."""
    if len(set(counts)) <= 1:
        return ""
    return f"its instructions varied from {min(counts):,} to {max(counts):,}"


def _throttled(conditions: Plain, target: Target) -> str:
    for word in REMEDIES:
        if any(word in holds for holds in conditions.get("holds", ())):
            return f"{REMEDIES[word]}; then measure again"
    hottest = max(known(conditions.get("temperature_c", ())), default=0.0)
    if hottest >= target.temperature_limit_c:
        limit = target.temperature_limit_c
        return f"it reached {hottest:.0f} °C (limit {limit:.0f}); let it cool and measure again"
    status = int(max(known(conditions.get("thermal_status", ())), default=0))
    if status >= MODERATE:
        word = THERMAL_STATUS[min(status, len(THERMAL_STATUS) - 1)]
        return f"its thermal status was {word} ({status}); let it cool and measure again"
    return _slower_clock(conditions)


def _slower_clock(conditions: Plain) -> str:
    clocks = known(conditions.get("clock_mhz", ()))
    if clocks and _drift(conditions) > DRIFT and min(clocks) < (1 - CLOCK_DROP) * max(clocks):
        return (
            f"the clock fell from {max(clocks):.0f} to {min(clocks):.0f} MHz; "
            "let the device cool or fix its clock, and measure again"
        )
    return ""


def _contended(conditions: Plain) -> str:
    others = busiest_named(conditions.get("busiest", ()))
    stop = "stop them" if others else "stop other programs"
    waited = known(conditions.get("waited", ()))
    if waited and percentile(waited, 50) > WAITED:
        share = percentile(waited, 50)
        text = f"other programs had the CPU {share:.0%} of the time"
        return f"{text}{others}; {stop} and measure again"
    drift = _drift(conditions)
    if drift > DRIFT:
        text = f"the machine's own speed changed by {drift:.0%} meanwhile"
        return f"{text}{others}; {stop} and measure again"
    return ""


def busiest_named(busiest: Sequence[Sequence[Any]]) -> str:
    """Other processes by name, with what each had of a CPU, as a remark in brackets; or ""."""
    named = [f"{name} {share:.0%}" for name, share in busiest if share >= BUSY_SHARE]
    return f" (busiest: {', '.join(named)} of a CPU)" if named else ""


def _noisy(latency: Latency) -> str:
    p50 = percentile([sample for block in latency.blocks_ms for sample in block], 50)
    low, high = percentile_ci(latency.blocks_ms, 50)
    width = (high - low) / 2 / p50 if p50 > 0 else 0.0
    if width > WIDTH:
        return f"p50 is known only to ±{width:.0%}; measure longer or on a quieter machine"
    return ""


def _drift(conditions: Plain) -> float:
    """How much slower the reference work ran in the slower quarter of blocks than at its fastest.

    One odd block does not count: the interval already tells of it.
    """
    references = known(conditions.get("reference_ms", ()))
    best = min([*references, *known([conditions.get("fastest_reference_ms")])], default=0.0)
    if not references or best <= 0:
        return 0.0
    return percentile(references, 75) / best - 1
