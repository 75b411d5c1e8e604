"""How samples are scaled, as the options or the `[data]` table say."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from edgehone.errors import UsageError
from edgehone.system.library_errors import shortened

_LONG = re.compile(r"[eE][-+]?[\d_]{4,}|[\d_]{400,}")
"""Exponents and digits beyond those of floats, which fractions would all work out."""


@dataclass(frozen=True)
class Scaling:
    """The model sees x * scale + offset. explicit: somebody says so, if only that it is x."""

    scale: float = 1.0
    offset: float = 0.0
    explicit: bool = False


def number(text: str, option: str) -> float:
    """A number such as 0.5, 1e-3 or 1/255. Raises UsageError for anything else."""
    try:
        found = float("nan") if _LONG.search(text) else float(Fraction(text.replace(" ", "")))
    except (ValueError, ZeroDivisionError, OverflowError):
        found = float("nan")
    if not isfinite(found):
        raise UsageError(
            f"{option} must be a number, got {shortened(text, 80)!r}.",
            "Write a number or a fraction, such as 0.5 or 1/255.",
        )
    return found


def scale_number(text: str) -> float:
    """What --scale says. Raises UsageError for 0, which makes all samples equal."""
    found = number(text, "--scale")
    if found == 0:
        raise UsageError(
            "--scale is 0, which makes all samples equal.", "Write 1/255 for bytes, say, or 1."
        )
    return found
