"""Numbers with units, as budgets are written: "1.5 MB", "30 ms", "1 %"."""

import math
import re
from collections.abc import Mapping

from edgehone.decide import Unit

FACTORS: Mapping[Unit, Mapping[str, float]] = {
    "bytes": {
        "B": 1,
        "kB": 1e3,
        "KB": 1e3,
        "MB": 1e6,
        "GB": 1e9,
        "KiB": 2**10,
        "MiB": 2**20,
        "GiB": 2**30,
    },
    "ms": {"us": 1e-3, "µs": 1e-3, "ms": 1, "s": 1e3},
    "fraction": {"%": 0.01},
    "score": {"%": 0.01},
    "count": {"k": 1e3, "M": 1e6, "G": 1e9},
}
"""What a number of each unit may be written in, and its factor to the unit itself."""

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*", re.ASCII)


def quantity(text: str, unit: Unit) -> float:
    """The number `text` stands for, in `unit`; without a unit it is taken to be in it already.

    Raises ValueError with a sentence a user can act on.
    """
    known = FACTORS[unit]
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no quantity; write a number, or one with {_told(unit)}")
    number, suffix = found.groups()
    if suffix and suffix not in known:
        raise ValueError(f"{text!r} has no unit that fits; write {_told(unit)}")
    value = float(number) * known.get(suffix, 1)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is too large")
    return value


def _told(unit: Unit) -> str:
    return ", ".join(FACTORS[unit])
