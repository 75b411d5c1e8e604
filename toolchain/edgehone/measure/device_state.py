"""What commands on devices print about power and heat, read as values."""

import re
from dataclasses import dataclass

from edgehone.values import Plain

HOLDS = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
"""Bits of `vcgencmd get_throttled` that hold now; 16 higher: at some time since the boot."""
SINCE_BOOT = 16
THERMAL_STATUS = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""Android's words for its thermal status, 0 to 6 (PowerManager.THERMAL_STATUS_*)."""


@dataclass(frozen=True)
class Battery:
    """level: a fraction in [0, 1]; powered: by a cable or a pad; None where it is unknown."""

    level: float | None = None
    temperature_c: float | None = None
    powered: bool | None = None


@dataclass(frozen=True)
class Readings:
    """holds: what kept the clock down when asked; held: what has since the boot, in HOLDS' words.

    thermal_status: Android's, 0 (none) to 6 (shutdown).
    """

    holds: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    thermal_status: int | None = None
    battery: Battery | None = None


def read(texts: Plain) -> Readings:
    """One reading's outputs, by the names a target's sensors give them; what is no such output
    tells nothing.
    """
    holds, held = throttled(str(texts.get("throttled", "")))
    thermal = _number(r"Thermal Status: *(\d{1,3})\b", str(texts.get("thermal", "")))
    return Readings(
        holds,
        held,
        None if thermal is None else int(thermal),
        battery(str(texts.get("battery", ""))),
    )


def throttled(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `vcgencmd get_throttled` says: (what holds now, what has held since the boot)."""
    found = re.search(r"throttled=(0x[0-9a-fA-F]{1,16})\b", text)
    bits = int(found[1], 16) if found else 0
    now = tuple(word for bit, word in HOLDS.items() if bits >> bit & 1)
    return now, tuple(word for bit, word in HOLDS.items() if bits >> (SINCE_BOOT + bit) & 1)


def battery(text: str) -> Battery | None:
    """What Android's `dumpsys battery` says; None where there is no battery."""
    level, scale = (
        _number(r"^ *level: *(\d{1,9})\b", text),
        _number(r"^ *scale: *(\d{1,9})\b", text),
    )
    tenths = _number(r"^ *temperature: *(-?\d{1,9})\b", text)
    powered = re.findall(r"powered: *(true|false)", text)
    if level is None and tenths is None and not powered:
        return None
    return Battery(
        None if level is None else level / (scale or 100.0),
        None if tenths is None else tenths / 10,
        "true" in powered if powered else None,
    )


def _number(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1]) if found else None
