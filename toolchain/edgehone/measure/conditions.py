"""What a device was doing while it measured, one value per block where it changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgehone.measure import device_state
from edgehone.values import Plain

MACHINE = ("program", "python", "system", "machine", "cpus", "steadied", "unsteadied")
MOST_NAMED = 3
"""How many of the busiest other processes are named."""


@dataclass(frozen=True)
class State:
    """A device over one block; None and () where it does not tell.

    load1: the one-minute load average before it; clock_mhz and governor after it; temperature_c and
    thermal_status (Android's, 0 to 6): the higher of before and after. reference_ms: the time of
    a fixed piece of work, at the worse of its two ends. holds: what kept its clock down at
    either end or came and went between them (`told`).
    busiest: other processes and the CPUs each had. waited: the fraction of the time that the block
    was ready to run and another process did.
    """

    load1: float | None = None
    clock_mhz: float | None = None
    temperature_c: float | None = None
    governor: str | None = None
    reference_ms: float | None = None
    waited: float | None = None
    runs: int | None = None
    holds: tuple[str, ...] = ()
    thermal_status: int | None = None
    busiest: tuple[tuple[str, float], ...] = ()


def state_of(job: Plain) -> State:
    """The state reported with one job's result, `with_references` having been there."""
    before, after = _readings(job)
    first, last = (
        device_state.read(before.get("told", {})),
        device_state.read(after.get("told", {})),
    )
    between = set(last.held) - set(first.held) if before.get("told") else set()
    holds = {*first.holds, *last.holds, *between}
    return State(
        load1=before.get("load1"),
        clock_mhz=after.get("clock_mhz"),
        temperature_c=_most(before.get("temperature_c"), after.get("temperature_c")),
        governor=after.get("governor"),
        reference_ms=job.get("reference_ms"),
        waited=job.get("waited"),
        runs=job.get("runs"),
        holds=tuple(word for word in device_state.HOLDS.values() if word in holds),
        thermal_status=_whole(_most(first.thermal_status, last.thermal_status)),
        busiest=tuple((str(name), float(share)) for name, share in after.get("busiest", ())),
    )


def with_references(jobs: Mapping[str, Plain]) -> dict[str, Plain]:
    """One answer's jobs, in the order they were done, each with `reference_ms`.

    The reference work is timed after a job and before the next one: of two readings with nothing
    between them the better one counts, of a job's two ends the worse one.
    """
    before = [_readings(job)[0].get("reference_ms") for job in jobs.values()]
    after = [_readings(job)[1].get("reference_ms") for job in jobs.values()]
    starts = [_least(*pair) for pair in zip(before, [None, *after], strict=False)]
    ends = [_least(*pair) for pair in zip(after, [*before[1:], None], strict=False)]
    return {
        name: {**job, "reference_ms": _most(start, end)}
        for (name, job), start, end in zip(jobs.items(), starts, ends, strict=True)
    }


def collect(machine: Plain, blocks: Sequence[Plain]) -> Plain:
    """Conditions of one artifact's blocks, in order: `State`'s fields, one value per block.

    Once for all: what the device says of itself, its battery, the busiest processes (the most each
    had), and "told", the first and the last text of every command where they differ.
    """
    states = [state_of(block) for block in blocks]
    texts = [reading.get("told", {}) for block in blocks for reading in _readings(block)]
    return {
        **{key: machine[key] for key in MACHINE if machine.get(key)},
        "load1": [state.load1 for state in states],
        "clock_mhz": [state.clock_mhz for state in states],
        "temperature_c": [state.temperature_c for state in states],
        "governor": next((state.governor for state in states if state.governor), None),
        "reference_ms": [state.reference_ms for state in states],
        "waited": [state.waited for state in states],
        "runs": [state.runs for state in states],
        **_power(states, texts),
    }


def busiest(states: Iterable[State]) -> list[tuple[str, float]]:
    """The other processes that had most of a CPU, and the most that each had."""
    most: dict[str, float] = {}
    for state in states:
        for name, share in state.busiest:
            most[name] = max(share, most.get(name, 0.0))
    return sorted(most.items(), key=lambda each: -each[1])[:MOST_NAMED]


def known(values: Sequence[Any]) -> list[float]:
    """The numbers among values a device may not have reported."""
    return [float(value) for value in values if value is not None]


def _power(states: Sequence[State], texts: Sequence[Plain]) -> Plain:
    """What only some devices tell; nothing is said for the others."""
    readings = [device_state.read(text) for text in texts]
    batteries = [asdict(reading.battery) for reading in readings if reading.battery]
    held = [word for reading in readings for word in reading.held]
    holds = [list(state.holds) for state in states]
    statuses = [state.thermal_status for state in states]
    found = {
        "holds": holds if any("throttled" in text for text in texts) else [],
        "held_since_boot": list(dict.fromkeys(held)),
        "thermal_status": statuses if known(statuses) else [],
        "battery": batteries[-1] if batteries else {},
        "busiest": [list(each) for each in busiest(states)],
        "told": _ends(texts),
    }
    return {key: value for key, value in found.items() if value}


def _ends(texts: Sequence[Plain]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for text in texts for name in text)
    by_name = {name: [str(text[name]) for text in texts if name in text] for name in names}
    return {name: list(dict.fromkeys((some[0], some[-1]))) for name, some in by_name.items()}


def _readings(job: Plain) -> tuple[Plain, Plain]:
    both = job.get("conditions", {})
    return both.get("before", {}), both.get("after", {})


def _least(*values: float | None) -> float | None:
    return min(known(values), default=None)


def _most(*values: float | None) -> float | None:
    return max(known(values), default=None)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
