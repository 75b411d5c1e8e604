"""The best that a run has found so far, in one line for whoever watches it."""

from collections.abc import Sequence

from edgehone import units
from edgehone.run.document import unproven_of, winner_of
from edgehone.run.state import Entry, Round, RunState
from edgehone.stats import percentile
from edgehone.values import BEST, Event


def best_so_far(state: RunState, rounds: Sequence[Round]) -> Event:
    """The event that says which entry is ahead, with its numbers beside the budgets."""
    winner = winner_of(state, rounds)
    if winner is not None:
        return Event(BEST, f"{summary(winner)}; keeps all budgets")
    unproven = unproven_of(state, rounds)
    if unproven is not None:
        return Event(BEST, f"{summary(unproven)}; may keep the budgets")
    return Event(BEST, "nothing keeps the budgets yet")


def summary(entry: Entry) -> str:
    """An entry's name, size, latency or instructions, and quality: round-1: 24 KiB, 46 µs, 99 %."""
    measured = entry.measurement
    parts = [units.quantity("size_bytes", measured.artifact.size_bytes)]
    if measured.instructions is not None:
        parts.append(f"{units.in_unit(measured.instructions, 'count')} instructions")
    elif measured.latency is not None:
        samples = [sample for block in measured.latency.blocks_ms for sample in block]
        parts.append(units.in_unit(percentile(samples, 50), "ms"))
    accuracy = measured.accuracy
    if accuracy is not None:
        name = accuracy.metric.rpartition(":")[2]
        parts.append(f"{name} {units.quantity('accuracy', accuracy.value, accuracy.metric)}")
        if accuracy.drop is not None:
            lost = units.quantity("accuracy_drop", accuracy.drop, accuracy.metric)
            parts[-1] += f" (drop {lost})"
    return f"{entry.name}: {', '.join(parts)}"
