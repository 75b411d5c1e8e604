"""Numbers with units, as budgets are written: "1.5 MB", "30 ms", "1 %"."""

import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from edgehone.decide.budget_metrics import Unit
from edgehone.system.bounds import (
    LEAST_MEMORY_BYTES,
    MEMORY_BYTES,
    NAME_CHARACTERS,
    bytes_text,
)

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
    "fraction": {"%": 0.01, "point": 0.01, "points": 0.01},
    "score": {"%": 0.01, "point": 0.01, "points": 0.01},
    "count": {"k": 1e3, "M": 1e6, "G": 1e9},
}
"""What a number of each unit may be written in, and its factor to the unit itself."""

EXAMPLES: Mapping[Unit, tuple[str, str]] = {
    "bytes": ("KiB", "a number of bytes"),
    "ms": ("ms", "a number of milliseconds"),
    "fraction": ("%", "a fraction"),
    "score": ("%", "a number in the metric's own unit"),
    "count": ("M", "a number"),
}
"""Of each unit: one way to write it, and what a bare number is."""

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*", re.ASCII)


class WrongValueError(ValueError):
    """What is wrong with a value, and in `hint` what to write instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def nearest(name: str, known: Sequence[str]) -> str:
    """Which of the known names may be meant, and all of them."""
    close = get_close_matches(name[:NAME_CHARACTERS], known, n=1, cutoff=0.5)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    return f"{meant}Known: {', '.join(known)}."


def limit_of(text: str, unit: Unit) -> float:
    """A limit in quotation marks, which has to have a unit. Raises WrongValueError."""
    suffix, bare = EXAMPLES[unit]
    try:
        value = quantity(text, unit)
    except ValueError as error:
        hint = f'Write it as "48 {suffix}", or without quotation marks as {bare}.'
        raise WrongValueError(str(error), hint) from error
    if text.strip()[-1:] in "0123456789.":
        number = text.strip()
        if unit in ("fraction", "score"):
            raise WrongValueError(f"{text!r} has no unit", _as_share(number, unit))
        hint = f'Write "{number} {suffix}", or without quotation marks {bare}: {number}.'
        raise WrongValueError(f"{text!r} has no unit", hint)
    return value


SMALLEST_RATIO = 0.1
"""Limits below it are meant as a change, not as a share of the baseline's value."""
LARGEST_RATIO = 10.0
"""Limits of this and above limit nothing."""


def ratio_of(limit: Any) -> Any:
    """A limit that is relative to a baseline, as a ratio: "+2 %" and "102 %" are 1.02, "-10 %" is
    0.9; a bare number is the ratio. Raises WrongValueError for what is more likely a slip.
    """
    value = limit
    if isinstance(limit, str):
        text = limit.strip().replace("\u2212", "-")
        value = limit_of(text, "fraction")
        value = 1 + value if text[:1] in ("+", "-") else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return limit
    if not SMALLEST_RATIO <= value < LARGEST_RATIO:
        raise WrongValueError(
            f"{limit!r} is {100 * value:g} % of the baseline's value",
            'Write a change with its sign, such as max = "+2 %" or max = "-10 %", or a ratio such '
            "as max = 1.02.",
        )
    return round(value, 12)


def memory_of(value: Any) -> Any:
    """An amount of memory with its unit, "2 GiB"; a bare number is bytes. Raises WrongValueError
    for one that no data can be read in, or nobody has.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    text = value if isinstance(value, str) else f"{value} B"
    found = limit_of(text, "bytes")
    if not LEAST_MEMORY_BYTES <= found <= MEMORY_BYTES:
        raise WrongValueError(
            f"{value!r} is not between {bytes_text(LEAST_MEMORY_BYTES)} and "
            f"{bytes_text(MEMORY_BYTES)}",
            'Write it as "2 GiB".',
        )
    return text


def _as_share(number: str, unit: Unit) -> str:
    """How a fraction may be written that lacks its unit; a bare number is in [0, 1]."""
    value = float(number)
    hint = f'Write "{number} %", or without quotation marks {value / 100:g}.'
    if 0 < abs(value) < 1:
        hint += f' Or "{100 * value:g} %", without quotation marks {number}.'
    if unit == "score":
        hint += f" An error such as mae has no unit: without quotation marks {number}."
    return hint


def quantity(text: str, unit: Unit) -> float:
    """The number `text` stands for, in `unit`; without a unit it is taken to be in it already.

    Raises ValueError with a sentence a user can act on.
    """
    known = FACTORS[unit]
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is not a quantity; write a number, or one with {_units_text(unit)}"
        )
    number, suffix = found.groups()
    if suffix and suffix not in known:
        raise ValueError(f"{text!r} has no unit that fits; write {_units_text(unit)}")
    factor = known.get(suffix, 1)
    # 95 * 0.01 is not 0.95, and 95 / 100 is
    value = float(number) * factor if factor >= 1 else float(number) / round(1 / factor)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is too large")
    return value


def _units_text(unit: Unit) -> str:
    return ", ".join(FACTORS[unit])
