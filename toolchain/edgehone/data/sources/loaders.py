"""What gives samples bit by bit (tf.data, PyDataset, generators), read to its end into arrays."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from edgehone.data.sources import datasets
from edgehone.data.sources._base import Array
from edgehone.data.sources.gathering import Gathered
from edgehone.errors import DataError
from edgehone.system.settings import LIMIT
from edgehone.system.user_code import running

_SHORT = {"train": "train", "validation": "val", "val": "val", "test": "test"}
"""Suffixes of array names, by what callers call a split."""

_ORDERS = {2: ("train", "test"), 3: ("train", "val", "test")}

_SEQUENCES = ("PyDataset", "Sequence")
_KERAS = ("keras", "tf_keras", "tensorflow")

_ELEMENTS = "Give batches (x, y), as `Model.fit` of Keras takes them, or single samples (x, y)."


def is_loader(value: Any) -> bool:
    """Whether a value gives samples bit by bit, in a way that is read."""
    return (
        datasets.is_dataset(value)
        or isinstance(value, Iterator)
        or inspect.isgeneratorfunction(value)
        or is_sequence(value)
    )


def is_sequence(value: Any) -> bool:
    """Whether a value is a PyDataset of Keras, or a Sequence, as it was called before."""
    return any(
        kind.__name__ in _SEQUENCES and kind.__module__.split(".")[0] in _KERAS
        for kind in type(value).__mro__
    )


def gathered(found: Any, what: str, most: int | None = None) -> Any:
    """Data with arrays in the place of loaders: one of them, (train, test), (train, validation,
    test), or a mapping of splits. A loader may come with its length, (loader, samples).

    most: samples that are taken of each that does not say its length; None: all, of what ends.
    Raises DataError for what never ends, gives something else than samples, or takes too much
    memory.
    """
    if _is_stated(found) or is_loader(found):
        return _arrays(found, what, most)
    if isinstance(found, tuple | list) and len(found) in _ORDERS:
        splits = [_is_split(each) for each in found]
        if all(splits) and any(is_loader(each) or _is_stated(each) for each in found):
            return gathered(dict(zip(_ORDERS[len(found)], found, strict=True)), what, most)
    if not isinstance(found, Mapping):
        return found
    arrays: dict[str, Any] = {}
    for name, value in found.items():
        if name in _SHORT and (is_loader(value) or _is_stated(value)):
            parts = _arrays(value, f"{what}[{name!r}]", most)
            arrays |= {f"{part}_{_SHORT[name]}": values for part, values in parts.items()}
        elif name in _SHORT and isinstance(value, tuple | list) and len(value) == 2:
            arrays |= {f"x_{_SHORT[name]}": value[0], f"y_{_SHORT[name]}": value[1]}
        else:
            arrays[str(name)] = value
    return arrays


def _is_split(value: Any) -> bool:
    """Whether a value may be a split: a loader, or arrays (x, y)."""
    pair = isinstance(value, tuple | list) and len(value) == 2 and not any(map(is_loader, value))
    return is_loader(value) or _is_stated(value) or pair


def _is_stated(value: Any) -> bool:
    """Whether a value is a loader with its length."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and is_loader(value[0])
        and isinstance(value[1], int | np.integer)
        and not isinstance(value[1], bool)
    )


def _arrays(value: Any, what: str, most: int | None) -> dict[str, Array]:
    if _is_stated(value):
        value, most = value[0], int(value[1])
        if most < 1:
            raise DataError(f"The length of {what} is {most}.", "Say how many samples to take.")
    elif _ends(value):
        most = None  # splits and limits are drawn from all of it
    with running(f"Reading {what}", DataError):
        if datasets.is_dataset(value):
            return datasets.arrays_of(value, what, most)
        if is_sequence(value):
            return _of_elements(_batches(value, what, most), what, most)
        return _of_elements(value() if callable(value) else value, what, most)


def _ends(value: Any) -> bool:
    """Whether a loader says itself how much it gives."""
    if datasets.is_dataset(value):
        return int(value.cardinality()) >= 0
    return is_sequence(value) and _count(value) is not None


def _count(value: Any) -> int | None:
    """How many batches a PyDataset has; None: it does not say, or has no end."""
    count = getattr(value, "num_batches", None)
    if count is None:
        try:
            count = len(value)
        except (TypeError, NotImplementedError, ValueError):
            count = None
    return count


def _batches(value: Any, what: str, most: int | None) -> Iterator[Any]:
    """The batches of a PyDataset, which may have no end."""
    count = _count(value)
    if count is None and most is None:
        raise DataError(
            f"{what} is a data set that never ends.",
            f"Give it a length (__len__), or say how many samples to take: {LIMIT}.",
        )
    number = 0
    while count is None or number < count:
        yield value[number]
        number += 1


def _of_elements(elements: Iterable[Any], what: str, most: int | None) -> dict[str, Array]:
    """{"x", "y"} or {"x"} of batches, or of single samples where y is one number."""
    kept: Gathered | None = None
    for element in elements:
        parts = element if isinstance(element, tuple | list) else (element,)
        if not 1 <= len(parts) <= 2 or any(isinstance(part, Mapping) for part in parts):
            raise DataError(
                f"{what} gives {_called(element)}, not (x, y).",
                f"{_ELEMENTS} Weights and inputs by name are left out.",
            )
        arrays = [np.asarray(part) for part in parts]
        if kept is None:
            kept = Gathered(what, most, batched=all(each.ndim for each in arrays))
        if kept.batched and len({len(each) if each.ndim else -1 for each in arrays}) > 1:
            shapes = " and ".join(str(each.shape) for each in arrays)
            raise DataError(f"{what} gives x and y of shapes {shapes}.", _ELEMENTS)
        if kept.add(dict(zip("xy", arrays, strict=False))):
            break
    return (kept or Gathered(what, most, batched=True)).arrays()


def _called(element: Any) -> str:
    held = element if isinstance(element, tuple | list) else (element,)
    return f"{len(held)} values ({', '.join(type(each).__name__ for each in held[:4])})"
