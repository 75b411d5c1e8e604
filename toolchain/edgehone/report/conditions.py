"""The device's state while each model was measured, in words that fit a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgehone.report import numbers
from edgehone.report.rows import Row
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.values import Plain

MACHINE = ("program", "python", "system", "machine", "cpus", "steadied", "unsteadied")
"""Conditions that are the same for every model of a run; told once, with the environment."""
RAW = ("told",)
"""What is kept for those who doubt the reading, in the JSON alone."""


def conditions_table(rows: Sequence[Row]) -> Table:
    """The machine's state while each model was measured, and whether the numbers hold."""
    found = [row.measurement.get("conditions") or {} for row in rows]
    keys = list(dict.fromkeys(key for one in found for key in one))
    columns: list[tuple[Column, Sequence[Cell | str]]] = [
        (Column("model", numeric=False), [row.name for row in rows]),
        (Column("runtime", numeric=False), [_runtime(row.measurement) for row in rows]),
        (Column("verdict", numeric=False), [str(row.measurement["verdict"]) for row in rows]),
    ]
    for key in (key for key in keys if key not in (*MACHINE, *RAW)):
        cells = [WORDS.get(key, _condition)(one.get(key)) for one in found]
        numeric = key not in WORDS and not any(isinstance(one.get(key), str) for one in found)
        columns.append((Column(key.replace("_", " "), numeric=numeric), cells))
    reasons = [str(row.measurement.get("reason") or "") for row in rows]
    columns.append((Column("reason", numeric=False), reasons))
    return from_columns(columns, [n for n, row in enumerate(rows) if row.role == "winner"])


def _holds(blocks: Sequence[Sequence[str]] | None) -> str:
    """What held the clock down in any block."""
    return numbers.ABSENT if blocks is None else _words([w for block in blocks for w in block])


def _words(words: Sequence[str] | None) -> str:
    if words is None:
        return numbers.ABSENT
    return ", ".join(dict.fromkeys(words)) or "nothing"


def _busiest(processes: Sequence[Sequence[Any]] | None) -> str:
    """Other processes and what each had of a CPU."""
    told = [f"{name} {numbers.percent(share)}" for name, share in processes or ()]
    return ", ".join(told) or numbers.ABSENT


def _battery(battery: Plain | None) -> str:
    if not battery:
        return numbers.ABSENT
    level, heat, powered = (battery.get(k) for k in ("level", "temperature_c", "powered"))
    parts = [
        "" if level is None else numbers.percent(level),
        "" if heat is None else f"{heat:g} °C",
        "" if powered is None else "powered" if powered else "on battery",
    ]
    return ", ".join(part for part in parts if part) or numbers.ABSENT


def _rejected(rejected: Plain | None) -> str:
    """Rounds that were measured again, and why."""
    if not rejected:
        return numbers.ABSENT
    return ", ".join(f"{count}: {reason}" for reason, count in rejected["reasons"].items())


def _waits(waits: Plain | None) -> str:
    told = [f"{name} {wait.get('waited_s') or 0:g} s" for name, wait in (waits or {}).items()]
    return ", ".join(told) or numbers.ABSENT


WORDS: Mapping[str, Callable[[Any], str]] = {
    "holds": _holds,
    "held_since_boot": _words,
    "busiest": _busiest,
    "battery": _battery,
    "rejected": _rejected,
    "waits": _waits,
}
"""How conditions are told that are no numbers."""


def _condition(value: Any) -> str:
    if value is None:
        return numbers.ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return numbers.figures(float(value)) if value else "0"
    if isinstance(value, list | tuple):
        return _range([item for item in value if item is not None])
    return str(value)


def _range(values: Sequence[Any]) -> str:
    """The lowest and highest of one value a block."""
    if not values:
        return numbers.ABSENT
    low, high = _condition(min(values)), _condition(max(values))
    return low if low == high else f"{low} to {high}"


def _runtime(measurement: Plain) -> str:
    runtime = measurement.get("runtime") or {}
    parts = [str(runtime.get(key) or "") for key in ("name", "version", "delegate")]
    threads = runtime.get("threads")
    count = f"{threads} thread{'' if threads == 1 else 's'}" if threads else ""
    return " ".join(part for part in [*parts, count] if part)
