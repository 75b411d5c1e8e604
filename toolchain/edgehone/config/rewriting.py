"""New limits written into a budgets or project file, everything else left as it is."""

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
from edgehone.system.files import write_whole

_WRITTEN = re.compile(r"(\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?)(\s*)(\D*)")


def write_limits(path: Path, tightened: Sequence[Tightened]) -> None:
    """Write the new limits into the file: comments, order and units stay; the file is replaced
    whole or not at all. Raises ConfigError, StorageError.
    """
    budgets = list(load_budgets(path))
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be rewritten: {error}.", "Write the limits yourself."
        ) from error
    tables: Any = document["budget"]
    for each in tightened:
        table = tables[budgets.index(each.budget)]
        key = each.budget.bound
        table[key] = _as_written(table[key], each)
    with interruption.delivery(path):
        write_whole(path, tomlkit.dumps(document))


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
