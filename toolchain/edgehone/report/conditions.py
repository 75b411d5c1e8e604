"""The device's state while each model was measured, in words that fit a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from edgehone.report import numbers
from edgehone.report.rows import Row
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.warnings import shared
from edgehone.values import Plain, RuntimeInfo

MACHINE = ("program", "python", "system", "machine", "cpus", "steadied", "unsteadied")
"""Conditions that are the same for every model of a run; shown once, with the environment."""
TITLES = {
    "load1": Column("load"),
    "clock_mhz": Column("clock", "MHz"),
    "temperature_c": Column("temperature", "°C"),
    "reference_ms": Column("reference work", "ms"),
    "fastest_reference_ms": Column("fastest reference work", "ms"),
    "waited": Column("time others had the CPU"),
    "runs": Column("inferences a block"),
    "rounds": Column("blocks that count"),
    "holds": Column("held down by", numeric=False),
    "held_since_boot": Column("held down since boot by", numeric=False),
    "busiest": Column("busiest other programs", numeric=False),
    "rejected": Column("blocks measured again", numeric=False),
    "waits": Column("waited for", numeric=False),
    "battery": Column("battery", numeric=False),
}
"""What conditions are called; others by their own names."""
RAW = ("told",)
"""What is kept for those who doubt the reading, in the JSON alone."""


def conditions_table(rows: Sequence[Row]) -> Table:
    """What differed between the models' measurements; what did not is in `common_conditions`."""
    common = common_conditions(rows)
    columns: list[tuple[Column, Sequence[Cell | str]]] = [
        (Column("model", numeric=False), [row.name for row in rows]),
        (Column("runtime", numeric=False), [_runtime(row.measurement.runtime) for row in rows]),
        (Column("verdict", numeric=False), [row.measurement.verdict for row in rows]),
    ]
    found = [row.measurement.conditions for row in rows]
    for key in _keys(rows):
        column = _column(key)
        if column.heading not in common:
            texts = any(isinstance(one.get(key), str) for one in found)
            columns.append(
                (replace(column, numeric=column.numeric and not texts), _cells(rows, key))
            )
    return from_columns(columns, [n for n, row in enumerate(rows) if row.leading])


def common_conditions(rows: Sequence[Row]) -> dict[str, str]:
    """What was the same for all of several models, in words."""
    cells = {_column(key).heading: set(_cells(rows, key)) for key in _keys(rows)}
    if len(rows) < 2:
        return {}
    return {
        key: next(iter(text))
        for key, text in cells.items()
        if len(text) == 1 and text != {numbers.ABSENT}
    }


def reasons_of(rows: Sequence[Row]) -> list[str]:
    """Why measurements are doubtful, one sentence for one reason."""
    pairs = [(row.name, row.measurement.reason) for row in rows if row.measurement.reason]
    return [f"{names}: {reason}" for names, reason in shared(pairs)]


def machine_of(rows: Sequence[Row]) -> dict[str, object]:
    """What the device said of itself."""
    conditions = rows[0].measurement.conditions
    return {f"device's {key}": conditions[key] for key in MACHINE if key in conditions}


def _column(key: str) -> Column:
    return TITLES.get(key) or Column(key.replace("_", " "))


def _keys(rows: Sequence[Row]) -> list[str]:
    found = dict.fromkeys(key for row in rows for key in row.measurement.conditions)
    return [key for key in found if key not in (*MACHINE, *RAW)]


def _cells(rows: Sequence[Row], key: str) -> list[str]:
    return [WORDS.get(key, _condition)(row.measurement.conditions.get(key)) for row in rows]


def _shares(values: Sequence[float | None] | None) -> str:
    """The span of a fraction a block, in percent."""
    lines = [value for value in values or () if value is not None]
    if not lines:
        return numbers.ABSENT
    low, high = numbers.percent(min(lines)), numbers.percent(max(lines))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def _counts(values: Sequence[int | None] | int | None) -> str:
    """The span of whole numbers."""
    given = [values] if isinstance(values, int) else list(values or ())
    lines = [value for value in given if value is not None]
    if not lines:
        return numbers.ABSENT
    low, high = f"{min(lines):,}", f"{max(lines):,}"
    return low if low == high else f"{low} to {high}"


def _length(values: Sequence[Any] | None) -> str:
    return numbers.ABSENT if values is None else str(len(values))


def _holds(blocks: Sequence[Sequence[str]] | None) -> str:
    """What held the clock down in any block."""
    return numbers.ABSENT if blocks is None else _words([w for block in blocks for w in block])


def _words(words: Sequence[str] | None) -> str:
    if words is None:
        return numbers.ABSENT
    return ", ".join(dict.fromkeys(words)) or "nothing"


def _busiest(processes: Sequence[Sequence[Any]] | None) -> str:
    """Other processes and what each had of a CPU."""
    lines = [f"{name} {numbers.percent(share)}" for name, share in processes or ()]
    return ", ".join(lines) or numbers.ABSENT


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
    lines = [f"{name} {wait.get('waited_s') or 0:g} s" for name, wait in (waits or {}).items()]
    return ", ".join(lines) or numbers.ABSENT


WORDS: Mapping[str, Callable[[Any], str]] = {
    "holds": _holds,
    "held_since_boot": _words,
    "busiest": _busiest,
    "battery": _battery,
    "rejected": _rejected,
    "waits": _waits,
    "waited": _shares,
    "runs": _counts,
    "rounds": _length,
}
"""How conditions that are not numbers are shown."""


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


def _runtime(runtime: RuntimeInfo) -> str:
    count = numbers.plural(runtime.threads, "thread") if runtime.threads else ""
    parts = (runtime.name, runtime.version, runtime.delegate, count)
    return " ".join(part for part in parts if part)
