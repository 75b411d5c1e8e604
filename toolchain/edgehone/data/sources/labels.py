"""Labels by the names of their classes: texts become numbers, and one order holds everywhere."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgehone.data.sources._base import SPLITS, Array, Raw, Reading
from edgehone.errors import DataError
from edgehone.system.numbers import are_texts
from edgehone.system.settings import CLASSES


def labelled(raw: Raw, source: str, how: Reading) -> Raw:
    """The same with integers for labels that are texts, where the classes are known, counted in
    the order of `how.classes`, or else of the source's own.

    Raises DataError for a label that is not a class, and for two lists of different classes.
    """
    classes = how.classes or raw.classes
    if not classes:
        return raw
    arrays = dict(raw.arrays)
    if how.classes and raw.classes and how.classes != raw.classes:
        _require_same(raw.classes, how.classes, source)
        arrays |= _renumbered(arrays, raw.classes, how.classes)
    for name, values in raw.arrays.items():
        if name in _targets() and are_texts(values):
            arrays[name] = _numbers(values, classes, f"{name} in {source!r}")
    return replace(raw, arrays=arrays, classes=classes)


def _targets() -> tuple[str, ...]:
    return ("y", *(f"y_{split}" for split in SPLITS))


def _require_same(own: tuple[str, ...], wanted: tuple[str, ...], source: str) -> None:
    if set(own) != set(wanted):
        raise DataError(
            f"The classes of {source!r} are {', '.join(own[:5])}, and {CLASSES} has "
            f"{', '.join(wanted[:5])}.",
            f"Name the same classes in {CLASSES}, in the order of the model's outputs.",
        )


def _renumbered(
    arrays: Mapping[str, Array], own: tuple[str, ...], wanted: tuple[str, ...]
) -> dict[str, Array]:
    """Integer labels and one-hot rows in the order that is wanted."""
    places = np.array([wanted.index(name) for name in own])
    found: dict[str, Array] = {}
    for name in _targets():
        values = arrays.get(name)
        if values is None or are_texts(values):
            continue
        if (
            values.dtype.kind in "iu"
            and values.size
            and 0 <= values.min() <= values.max() < len(own)
        ):
            rows = values.ndim > 1 and values.shape[-1] == len(own) and values.max() <= 1
            found[name] = values[..., np.argsort(places)] if rows else places[values]
    return found


def _numbers(values: Array, classes: tuple[str, ...], where: str) -> Array:
    texts, inverse = np.unique(values.astype(str), return_inverse=True)
    known = {name: number for number, name in enumerate(classes)}
    strange = next((str(text) for text in texts if str(text) not in known), None)
    if strange is not None:
        raise DataError(
            f"{where} has the label {strange!r}, which is not a class.",
            f"Classes: {', '.join(classes[:10])}. Correct the label, or add it to {CLASSES}.",
        )
    numbers = np.array([known[str(text)] for text in texts], np.int64)
    return np.asarray(numbers[inverse].reshape(values.shape))
