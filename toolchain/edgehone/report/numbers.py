"""How columns of numbers are written; single ones as everywhere else (`edgehone.units`)."""

from collections.abc import Sequence

from edgehone.units import (
    ABSENT,
    MINUS,
    SCALES,
    TIMES,
    decimals_for,
    figures,
    in_unit,
    interval,
    kind_of,
    named,
    percent,
    plural,
    points,
    quantity,
    signed,
    times,
    unit_for,
)

__all__ = [
    "ABSENT",
    "MINUS",
    "SCALES",
    "TIMES",
    "column",
    "decimals_for",
    "figures",
    "in_unit",
    "interval",
    "kind_of",
    "named",
    "percent",
    "plural",
    "points",
    "quantity",
    "signed",
    "times",
    "unit_for",
]


def column(values: Sequence[float | None], kind: str) -> tuple[str, list[str]]:
    """A column's unit, and its cells with the same decimals all the way down."""
    name, scale = unit_for(values, kind)
    whole = scale == 1 and kind != "ms"
    decimals = 0 if whole else decimals_for(values, scale)
    return name, [ABSENT if value is None else signed(value / scale, decimals) for value in values]
