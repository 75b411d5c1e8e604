"""What a device was doing while it measured, one value per block where it changes."""

from collections.abc import Sequence
from typing import Any

from edgehone.values import Plain

MACHINE = ("python", "system", "machine", "cpus")


def collect(machine: Plain, blocks: Sequence[Plain]) -> Plain:
    """Conditions of one artifact's blocks, in order; None where the device does not tell.

    load1 is the one-minute load average before a block; clock_mhz, temperature_c and governor are
    after it; reference_ms is the time of a fixed piece of work, the better of before and after;
    waited is the fraction of a block's time that it was ready to run and another process did.
    """
    before = [block.get("conditions", {}).get("before", {}) for block in blocks]
    after = [block.get("conditions", {}).get("after", {}) for block in blocks]
    return {
        **{key: machine[key] for key in MACHINE if key in machine},
        "load1": [reading.get("load1") for reading in before],
        "clock_mhz": [reading.get("clock_mhz") for reading in after],
        "temperature_c": [reading.get("temperature_c") for reading in after],
        "governor": next(
            (reading["governor"] for reading in after if reading.get("governor")), None
        ),
        "reference_ms": [
            _least(first.get("reference_ms"), last.get("reference_ms"))
            for first, last in zip(before, after, strict=True)
        ],
        "waited": [block.get("waited") for block in blocks],
        "runs": [block.get("runs") for block in blocks],
    }


def known(values: Sequence[Any]) -> list[float]:
    """The numbers among values a device may not have told."""
    return [float(value) for value in values if value is not None]


def _least(*values: float | None) -> float | None:
    found = known(values)
    return min(found) if found else None
