"""Samples by row: an array in memory, or what makes arrays of the rows that are asked for."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.system.file_map import give_back

Array = NDArray[Any]


class LazyRows(ABC):
    """Samples (n, *shape) that take no memory until some are asked for.

    x[a:b], x[rows] and x[mask] are arrays, `taken` is lazy again; np.asarray(x) is all of them.
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """As of the array that it stands for."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """As of the array that it stands for."""

    @property
    @abstractmethod
    def part_bytes(self) -> int:
        """Most bytes that whoever goes through all samples asks for at once."""

    @abstractmethod
    def read(self, rows: Array) -> Array:
        """The samples (len(rows), *shape) of these numbers as an array."""

    def taken(self, rows: Array) -> "LazyRows":
        """The samples of these numbers, in this order, still lazy."""
        return Changed(self, np.asarray, self.shape[1:], self.dtype, self.part_bytes, rows)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """Axes, with the one that counts samples."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> Array:
        if isinstance(key, int | np.integer):
            return np.asarray(self.read(np.arange(len(self))[key : key + 1 or None])[0])
        return self.read(np.arange(len(self))[key])

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> Array:
        found = np.empty(self.shape, self.dtype)
        at = 0
        for part in parts(self):
            found[at : at + len(part)] = part
            at += len(part)
        return found if dtype is None else found.astype(dtype, copy=False)


Rows = Array | LazyRows
"""What both kinds have: len, shape, ndim, dtype, x[a:b], x[rows] and np.asarray(x)."""


@dataclass(frozen=True, eq=False)
class Changed(LazyRows):
    """Rows of `base` (an array in memory or mapped from a file, or lazy itself), each put through
    `change`: a pure function of a part (k, …) to its samples (k, *sample), which depend on nothing
    but their own row. order: which rows of base, in which order; None: all.
    """

    base: Rows
    change: Callable[[Array], Array]
    sample: tuple[int, ...]
    kind: np.dtype[Any]
    at_once: int
    order: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array that it stands for."""
        count = len(self.base) if self.order is None else len(self.order)
        return (count, *self.sample)

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of the array that it stands for."""
        return self.kind

    @property
    def part_bytes(self) -> int:
        """Most bytes that are asked for at once."""
        return self.at_once

    def taken(self, rows: Array) -> "Changed":
        """The samples of these numbers, in this order."""
        return replace(self, order=rows if self.order is None else self.order[rows])

    def read(self, rows: Array) -> Array:
        """The samples of these numbers as an array."""
        wanted = rows if self.order is None else self.order[rows]
        if isinstance(self.base, LazyRows):
            return self.change(self.base.read(wanted))
        found = self.change(_rows_of(self.base, wanted))
        if np.may_share_memory(found, self.base):
            found = found.copy()
        give_back(self.base)
        return found


@dataclass(frozen=True, eq=False)
class Joined(LazyRows):
    """The rows of several, one after the other, of one shape and type."""

    joined: Sequence[Rows]

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array that it stands for."""
        return (sum(len(each) for each in self.joined), *self.joined[0].shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of the array that it stands for."""
        return np.result_type(*(each.dtype for each in self.joined))

    @property
    def part_bytes(self) -> int:
        """Most bytes that are asked for at once."""
        return min(each.part_bytes for each in self.joined if isinstance(each, LazyRows))

    def read(self, rows: Array) -> Array:
        """The samples of these numbers as an array."""
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        start = 0
        for each in self.joined:
            here = (rows >= start) & (rows < start + len(each))
            if here.any():
                found[here] = each[rows[here] - start]
            start += len(each)
        return found


def taken(x: Rows, rows: Array) -> Rows:
    """The samples of these numbers (or of a mask): lazy if x is."""
    if isinstance(x, LazyRows):
        return x.taken(np.flatnonzero(rows) if rows.dtype == bool else rows)
    return np.asarray(x[rows])


def joined(*several: Rows) -> Rows:
    """The rows of all, one after the other: lazy if one of them is."""
    if any(isinstance(each, LazyRows) for each in several):
        return Joined(several)
    return np.concatenate([np.asarray(each) for each in several])


def part_size(x: Rows, multiple: int = 1) -> int:
    """How many samples of x are asked for at once: all of an array, and of lazy ones what
    `part_bytes` holds, in whole multiples and one at least.
    """
    if not isinstance(x, LazyRows):
        return max(len(x), 1)
    sample = max(prod(x.shape[1:]) * x.dtype.itemsize, 1)
    return max(x.part_bytes // sample // multiple, 1) * multiple


def parts(x: Rows, multiple: int = 1) -> Iterator[Array]:
    """All samples in order, so many at once (`part_size`): views of an array, or new arrays."""
    size = part_size(x, multiple)
    for start in range(0, len(x), size):
        yield x[start : start + size]


def mapped(function: Callable[[Array], Array], x: Rows, multiple: int = 1) -> Array:
    """function(x) (n, …), in parts: it has to answer row by row."""
    found = [function(part) for part in parts(x, multiple)] or [function(x[:0])]
    return found[0] if len(found) == 1 else np.concatenate(found)


def changed(x: Rows, change: Callable[[Array], Array], kind: Any) -> Rows:
    """X with each number changed, lazy if x is. change: to the type `kind`, in the same shape."""
    if isinstance(x, LazyRows):
        return Changed(x, change, x.shape[1:], np.dtype(kind), x.part_bytes)
    return change(x)


def bounds(x: Rows) -> tuple[float, float]:
    """The least and the greatest number in x."""
    each = [(part.min(), part.max()) for part in parts(x)]
    return float(min(low for low, _ in each)), float(max(high for _, high in each))


def _rows_of(base: Array, rows: Array) -> Array:
    """Rows of an array; consecutive ones as a view, without copying."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return base[rows[0] : rows[-1] + 1]
    return np.asarray(base[rows])
