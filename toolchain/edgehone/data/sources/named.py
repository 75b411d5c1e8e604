"""Which of the arrays that somebody named are data, and what the classes are called."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.data.sources._base import (
    BESIDE,
    BESIDE_NAMES,
    CLASS_NAMES,
    HINT,
    NAMES,
    SPLITS,
    Array,
    Raw,
)
from edgehone.data.sources.archives import DAMAGED
from edgehone.data.sources.functions import array_of
from edgehone.errors import DataError

KNOWN = (*NAMES, *BESIDE_NAMES, *CLASS_NAMES)
"""Everything that is looked at."""


def named(found: Mapping[str, Any], source: str, needed: Sequence[str]) -> Raw:
    """Arrays by name as a source has them. Raises DataError where none is `needed`."""
    for name, value in found.items():
        _require_characters(name, value, source)
    if not any(name in found for name in needed):
        others = ", ".join(repr(name) for name in found) or "no arrays at all"
        wanted = " nor ".join(repr(name) for name in needed)
        raise DataError(f"{source!r} has neither an array {wanted}; it has {others}.", HINT)
    arrays = {
        name: array_of(value, name, source)
        for name, value in found.items()
        if name in NAMES and value is not None
    }
    return Raw({**arrays, **_beside(found, arrays, source)}, _class_names(found, source))


def _beside(found: Mapping[str, Any], arrays: Mapping[str, Array], source: str) -> dict[str, Array]:
    """Groups and times, under one name each, where they are as many as their samples."""
    kept = {}
    for what, names in BESIDE.items():
        for suffix in ("", *(f"_{split}" for split in SPLITS)):
            name = next((f"{n}{suffix}" for n in names if f"{n}{suffix}" in found), "")
            samples = arrays.get(f"x{suffix}")
            if not name or samples is None or found[name] is None:
                continue
            values = array_of(found[name], name, source)
            if values.ndim and len(values) == len(samples):
                kept[f"{what}{suffix}"] = values
    return kept


def _require_characters(name: str, value: Any, source: str) -> None:
    """Refuse texts of numbers that stand for no characters, which Python cannot even hold."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.dtype.itemsize:
        points = np.dtype(np.uint32).newbyteorder(value.dtype.byteorder)
        found = np.ascontiguousarray(value).view(points)
        if found.size and found.max() > sys.maxunicode:
            raise DataError(f"The texts of {name} in {source!r} are damaged.", DAMAGED)


def _class_names(found: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """The classes by name, from an array or list of texts; anything else called so is no matter."""
    for name in CLASS_NAMES:
        values = found.get(name)
        if values is None:
            continue
        array = np.asarray(values)
        if array.ndim != 1 or not all(isinstance(each, str | bytes) for each in array.tolist()):
            continue
        names = [each.decode() if isinstance(each, bytes) else each for each in array.tolist()]
        if len(set(names)) < len(names):
            twice = next(each for each in names if names.count(each) > 1)
            raise DataError(
                f"{name} in {source!r} has {twice!r} twice.", "Give every class a name of its own."
            )
        return tuple(names)
    return ()
