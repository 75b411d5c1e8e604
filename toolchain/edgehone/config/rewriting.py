"""New limits written into a budgets or project file, everything else left as it is."""

import fcntl
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from edgehone.config.loading import load_budgets
from edgehone.config.quantities import FACTORS
from edgehone.decide.budget_metrics import Unit, metric_of
from edgehone.decide.ratchet import Tightened, rounded
from edgehone.errors import ConfigError
from edgehone.system import interruption
from edgehone.system.files import reading, write_whole

_WRITTEN = re.compile(r"(\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?)(\s*)(\D*)")


def write_limits(path: Path, tightened: Sequence[Tightened]) -> None:
    """Write the new limits into the file: comments, order, units and ends of lines stay; the file
    is replaced whole or not at all, by one process at a time, and only where it still has the
    limits that were checked. Raises ConfigError, StorageError.
    """
    with reading(path), path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if not os.path.samestat(os.fstat(stream.fileno()), path.stat()):
            raise _changed(path)  # another process replaced it meanwhile
        text = _with_limits(path, stream.read(), tightened)
        with interruption.delivery(path):
            write_whole(path, text)


def _with_limits(path: Path, content: bytes, tightened: Sequence[Tightened]) -> str:
    """The text of the file with the new limits."""
    budgets = list(load_budgets(path))
    try:
        text = content.decode()
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        document = tomlkit.parse(text.removeprefix(mark))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be rewritten: {error}.", "Write the limits yourself."
        ) from error
    tables: Any = document["budget"]
    for each in tightened:
        if each.budget not in budgets:
            raise _changed(path)
        table = tables[budgets.index(each.budget)]
        key = each.budget.bound
        table[key] = _as_written(table[key], each)
    return mark + tomlkit.dumps(document)


def _changed(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} was changed while its budgets were checked, so no limit was tightened.",
        "Run the same command again.",
    )


def _as_written(old: Any, change: Tightened) -> Any:
    """The limit in the unit that the old one has, rounded away from what was measured."""
    unit = metric_of(change.budget.metric).UNIT
    up = change.budget.bound == "max"
    parts = _WRITTEN.fullmatch(old) if isinstance(old, str) else None
    if parts is None:
        whole = unit in ("bytes", "count")
        return int(change.limit) if whole and change.limit == int(change.limit) else change.limit
    _, space, written = parts.groups()
    suffix = _unit_for(change.limit, unit, written.strip())
    factor = FACTORS[unit].get(suffix, 1.0)
    value = change.limit / factor if factor >= 1 else change.limit * round(1 / factor)
    number = rounded(value, up=up)
    return f"{number:.12g}{space}{suffix}".rstrip()


def _unit_for(limit: float, unit: Unit, written: str) -> str:
    """The unit as it was written, or the next smaller one of its kind in which the limit is not
    below 0.1.
    """
    known = FACTORS[unit]
    largest = known.get(written, 1.0)
    alike = [
        name
        for name, factor in known.items()
        if factor <= largest and ("i" in name) == ("i" in written) and name not in ("KB", "µs")
    ]
    if unit not in ("bytes", "ms") or written in ("", *alike[:1]):
        return written
    fitting = [name for name in alike if abs(limit) >= 0.1 * known[name]]
    if not fitting:
        return "B" if unit == "bytes" else min(alike, key=known.__getitem__)
    return max(fitting, key=known.__getitem__)
