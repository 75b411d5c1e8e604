"""How a place in a configuration is written: as it looks in a file, or as Python's arguments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgehone.system.settings import setting_of

ARGUMENTS = Path("arguments")
"""In the place of a file: tables that were made of a Python function's arguments."""

BUDGET = Path("edgehone.Budget")
"""In the place of a file: the table of one budget."""

LISTED = ("budget", "recipe", "waiver")
"""Sections that are lists of tables."""

Place = Sequence[Any]


def of_arguments(file: str) -> bool:
    """Whether a configuration is not from a file."""
    return file in (str(ARGUMENTS), str(BUDGET))


def beginning(file: str) -> str:
    """How a complaint begins: with the file; "" for arguments."""
    return "" if of_arguments(file) else f"{file}: "


def where(place: Place, file: str) -> str:
    """The place: [search] rounds, [[budget]] 2: metric, [devices.pi]; of arguments: rounds,
    budget 2: metric, settings["devices"]["pi"].
    """
    if of_arguments(file):
        return _argument(place, file)
    if place[0] in LISTED:
        number = f" {place[1] + 1}" if len(place) > 1 else ""
        return ": ".join([f"[[{place[0]}]]{number}", *map(str, place[2:])])
    if place[0] == "devices":
        return " ".join([f"[{'.'.join(map(str, place[:2]))}]", *map(str, place[2:])])
    return " ".join([f"[{place[0]}]", *map(str, place[1:2])])


def unknown(place: Place, file: str) -> str:
    """That the last name of a place means nothing there."""
    *above, last = place
    if above:
        return f"{where(above, file)} has no key {str(last)!r}"
    return f"settings has no table {last!r}" if of_arguments(file) else f"unknown section [{last}]"


def _argument(place: Place, file: str) -> str:
    name, *rest = place
    if name in LISTED and rest:
        which = file if file == str(BUDGET) else f"{name} {rest[0] + 1}"
        return ": ".join([which, *map(str, rest[1:])])
    return str(setting_of(str(name), str(rest[0]) if rest else ""))
