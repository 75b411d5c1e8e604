"""Rows of a table as samples (n, features) float32, targets, groups, times and splits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehone.data.sources._base import SPLITS, Array, Raw
from edgehone.data.sources._splits import split_named
from edgehone.data.sources.columns import Roles
from edgehone.errors import DataError
from edgehone.system.bounds import MEMORY_SHARE, bytes_text
from edgehone.system.memory import free_memory
from edgehone.system.settings import FEATURES

ROWS = 4096
"""That are converted together."""

CELL_BYTES = 100
"""Of a target, a group or a time while a table is read: an object, and a text of some length."""


@dataclass(frozen=True)
class Block:
    """Some rows: their numbers as the user counts them, and the cells of each column: texts as
    they are written, or values (None: missing).
    """

    numbers: Sequence[int]
    cells: Mapping[str, Sequence[Any]]


@dataclass
class _Kept:
    """What is kept of the rows so far."""

    x: list[Array] = field(default_factory=list)
    y: list[tuple[Any, ...]] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    time: list[Any] = field(default_factory=list)
    split: list[str] = field(default_factory=list)


def raw_of(blocks: Iterable[Block], roles: Roles, source: str, row: str = "line") -> Raw:
    """The arrays of a table that comes in blocks of rows. row: what the user calls the number of
    one.

    Raises DataError that names row and column for a cell that is missing or no number, and for
    more than fits into memory.
    """
    kept, taken, room = _Kept(), 0, MEMORY_SHARE * free_memory()
    for block in blocks:
        where = _Where(source, row, block.numbers)
        x = np.stack([_floats(block.cells[n], n, where) for n in roles.features], axis=1)
        kept.x.append(x)
        kept.y += zip(*(_present(block.cells[n], n, where) for n in roles.target), strict=True)
        for what in ("group", "time", "split"):
            if name := getattr(roles, what):
                getattr(kept, what).extend(_present(block.cells[name], name, where))
        cells = len(block.numbers) * (len(roles.all) - len(roles.features))
        taken += 2 * x.nbytes + CELL_BYTES * cells  # the pieces, and the arrays made of them
        if taken > room:
            raise DataError(
                f"The rows of {source} take more memory than is free ({bytes_text(room)} are used "
                "at most).",
                f"Keep fewer rows, or name fewer columns: {FEATURES}.",
            )
    if not kept.x:
        raise DataError(f"{source} has no rows.", "Give at least a few samples.")
    return Raw(_arrays(kept, roles, source))


@dataclass(frozen=True)
class _Where:
    source: str
    row: str
    numbers: Sequence[int]

    def wrong(self, index: int, column: str, what: str) -> DataError:
        """An error about one cell."""
        return DataError(
            f"{self.source}, {self.row} {self.numbers[index]}: column {column!r} {what}.",
            "Correct or drop the row; if the model does not see the column, name those that it "
            f"sees: {FEATURES}.",
        )


def _floats(cells: Sequence[Any], column: str, where: _Where) -> Array:
    """(n,) float32; finite."""
    try:
        found = np.array([float(cell) for cell in cells], np.float64)
    except (TypeError, ValueError):
        index = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise where.wrong(index, column, _no_number(cells[index])) from None
    with np.errstate(over="ignore"):
        numbers = found.astype(np.float32)
    if not np.isfinite(numbers).all():
        index = int(np.argmin(np.isfinite(numbers)))
        raise where.wrong(index, column, _no_number(cells[index]))
    return numbers


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _no_number(cell: Any) -> str:
    if cell is None or str(cell).strip().casefold() in ("", "nan", "na", "null"):
        return "has no value"
    return f"has {str(cell)[:60]!r}, which is not a number of float32"


def _present(cells: Sequence[Any], column: str, where: _Where) -> list[Any]:
    for index, cell in enumerate(cells):
        if cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell:
            raise where.wrong(index, column, "has no value")
    return [cell.strip() if isinstance(cell, str) else cell for cell in cells]


def _arrays(kept: _Kept, roles: Roles, source: str) -> dict[str, Array]:
    x = np.concatenate(kept.x)
    found = {"x": x, "y": _target_array(kept.y, roles.target)}
    if roles.group:
        found["group"] = np.array([str(each) for each in kept.group])
    if roles.time:
        found["time"] = _times(kept.time, roles.time, source)
    if not roles.split:
        return found
    splits = np.array([_split(each, roles.split, source) for each in kept.split])
    return {
        f"{name}_{split}": values[splits == split]
        for split in SPLITS
        if (splits == split).any()
        for name, values in found.items()
    }


def _target_array(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> Array:
    """Numbers, whole ones as int64, or texts: (n,) of one column, (n, k) of several."""
    flat = [cell for row in rows for cell in row]
    values: Array
    if all(map(_is_number, flat)):
        values = np.array([float(cell) for cell in flat])
        whole = np.isfinite(values).all() and (values == np.trunc(values)).all()
        values = values.astype(np.int64) if whole and np.abs(values).max() < 2**53 else values
    else:
        values = np.array([str(cell) for cell in flat])
    return values if len(names) == 1 else values.reshape(len(rows), len(names))


def _times(cells: Sequence[Any], column: str, source: str) -> Array:
    """(n,) numbers, or dates as datetime64."""
    if all(map(_is_number, cells)):
        return np.array([float(cell) for cell in cells])
    try:
        return np.array([np.datetime64(cell, "us") for cell in cells])
    except ValueError as error:
        raise DataError(
            f"Column {column!r} of {source} has something else than times ({error}).",
            "Write times as numbers, or as 2026-01-31 or 2026-01-31T12:30:00.",
        ) from error


def _split(cell: Any, column: str, source: str) -> str:
    split = split_named(str(cell))
    if not split:
        raise DataError(
            f"Column {column!r} of {source} has {str(cell)[:60]!r}, which is not a split.",
            "Write train, validation or test.",
        )
    return split
