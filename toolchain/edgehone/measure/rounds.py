"""Rounds of blocks: which were disturbed and are measured again, and which count in the end.

A round is one block of every artifact, right after one another. It is kept or dropped as a whole,
so that what is compared in pairs stays in pairs.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from edgehone.measure.conditions import State, busiest, known, state_of, with_references
from edgehone.measure.device import Device
from edgehone.measure.device_state import THERMAL_STATUS
from edgehone.measure.exchange import Answer
from edgehone.measure.verdict import BUSY_SHARE, CLOCK_DROP, DRIFT, MODERATE
from edgehone.targets import Target
from edgehone.values import NOTHING, Event, Plain, Progress

REPEATS = 2
"""How often what was rejected is measured again: at worst three times the rounds that were asked
for. A device that throttles after that much rest throttles in use as well, which is worth knowing.
"""
Again = Callable[[Sequence[int]], Answer]
"""Measures rounds of these numbers."""


@dataclass(frozen=True)
class Fastest:
    """The fastest that a device was while it answered; None where it does not tell."""

    reference_ms: float | None
    clock_mhz: float | None


@dataclass(frozen=True)
class Rounds:
    """All rounds that were measured so far, disturbed ones included, and how often some were
    measured again. The answer's jobs are `with_references`.
    """

    answer: Answer
    repeats: int = 0


def settle(
    answer: Answer, wanted: int, device: Device, again: Again, progress: Progress
) -> tuple[Answer, Plain]:
    """Have disturbed rounds repeated after a rest; what `counted` gives of all of them then."""
    begun = Rounds(replace(answer, jobs=with_references(answer.jobs)))
    return counted(extended(begun, wanted, device, again, progress), wanted, device)


def extended(
    rounds: Rounds, wanted: int, device: Device, again: Again, progress: Progress
) -> Rounds:
    """As many more rounds as it takes to `wanted`, and disturbed ones repeated after a rest."""
    missing = wanted - len(_numbers(rounds.answer.jobs))
    if missing > 0:
        rounds = _with_more(rounds, missing, again)
    while not device.target.emulated and rounds.repeats < REPEATS:
        jobs = rounds.answer.jobs
        missing = wanted - len(_numbers(jobs)) + len(rejections(jobs, device.target))
        if missing <= 0:
            break
        _rest(device, missing, progress)
        rounds = replace(_with_more(rounds, missing, again), repeats=rounds.repeats + 1)
    return rounds


def counted(rounds: Rounds, wanted: int, device: Device) -> tuple[Answer, Plain]:
    """The answer with the rounds that count, `wanted` at most, and conditions common to all:
    "rounds", the numbers of those that count, "fastest_reference_ms", the reference work's best
    time, and where there was any, "rejected": {"rounds", "repeats", "reasons": {reason: rounds}}
    and "waits" (`Answer`).

    When fewer than half could be measured undisturbed, the last disturbed ones count as well, and
    the verdict tells. Emulated kinds of device are left alone: their times are no latency.
    """
    answer, jobs = rounds.answer, rounds.answer.jobs
    rejected = {} if device.target.emulated else rejections(jobs, device.target)
    counting = chosen(_numbers(jobs), rejected, wanted)
    kept = {name: job for name, job in jobs.items() if round_of(name) in (None, *counting)}
    return replace(answer, jobs=kept), {
        "rounds": counting,
        "fastest_reference_ms": fastest(jobs).reference_ms,
        **_rounds_detail(rejected, rounds.repeats),
        **({"waits": dict(answer.waits)} if answer.waits else {}),
    }


def _with_more(rounds: Rounds, missing: int, again: Again) -> Rounds:
    jobs = rounds.answer.jobs
    first = max(_numbers(jobs), default=-1) + 1
    more = again(range(first, first + missing))
    return replace(
        rounds,
        answer=replace(
            rounds.answer,
            jobs={**jobs, **with_references(more.jobs)},
            waits={**rounds.answer.waits, **more.waits},
        ),
    )


def chosen(numbers: Sequence[int], rejected: Mapping[int, str], wanted: int) -> list[int]:
    """The rounds that count: the good ones when they are at least half of those wanted, or else
    also the last of the others.
    """
    good = [number for number in numbers if number not in rejected][:wanted]
    if 2 * len(good) >= wanted:
        return good
    return sorted([*good, *sorted(rejected)[len(good) - wanted :]])


def rejections(jobs: Mapping[str, Plain], target: Target) -> dict[int, str]:
    """The rounds that were disturbed and the first reason of each, in a few words.

    jobs: by their names, each `with_references`.
    """
    best = fastest(jobs)
    found: dict[int, str] = {}
    for name, job in jobs.items():
        number = round_of(name)
        if number is not None and number not in found:
            reason = disturbance(state_of(job), best, target)
            found |= {number: reason} if reason else {}
    return dict(sorted(found.items()))


def fastest(jobs: Mapping[str, Plain]) -> Fastest:
    """The best that any job saw."""
    states = [state_of(job) for job in jobs.values()]
    return Fastest(
        min(known([state.reference_ms for state in states]), default=None),
        max(known([state.clock_mhz for state in states]), default=None),
    )


def disturbance(state: State, best: Fastest, target: Target) -> str:
    """What disturbed a block, in a few words; "" when nothing did."""
    if state.holds:
        return ", ".join(state.holds)
    if state.thermal_status is not None and state.thermal_status >= MODERATE:
        return (
            f"thermal status {THERMAL_STATUS[min(state.thermal_status, len(THERMAL_STATUS) - 1)]}"
        )
    if state.temperature_c is not None and state.temperature_c >= target.temperature_limit_c:
        return f"at or over {target.temperature_limit_c:.0f} °C"
    if not state.reference_ms or not best.reference_ms:
        return ""
    if state.reference_ms <= (1 + DRIFT) * best.reference_ms:
        return ""
    if state.clock_mhz and best.clock_mhz and state.clock_mhz < (1 - CLOCK_DROP) * best.clock_mhz:
        return "the clock fell"
    busy = [name for name, share in busiest([state]) if share >= BUSY_SHARE]
    return f"slowed down by {busy[0]}" if busy else "slowed down"


def round_of(name: str) -> int | None:
    """The round of a job called "INDEX/latency/ROUND"; None for other kinds of job."""
    kind, _, number = name.partition("/")[2].partition("/")
    return int(number) if kind == "latency" else None


def _numbers(jobs: Mapping[str, Plain]) -> list[int]:
    return sorted({number for name in jobs if (number := round_of(name)) is not None})


def _rest(device: Device, rounds: int, progress: Progress) -> None:
    seconds = device.target.cooldown_s
    text = f"{device.name} was disturbed in {rounds} rounds: they are measured again"
    progress(Event("rest", f"{text} in {seconds:g} s"))
    if not device.transport.EMULATED:  # what plays a script does not tire
        time.sleep(seconds)


def _rounds_detail(rejected: Mapping[int, str], repeats: int) -> Plain:
    if not rejected:
        return NOTHING
    reasons = dict(Counter(rejected.values()))
    return {"rejected": {"rounds": len(rejected), "repeats": repeats, "reasons": reasons}}
