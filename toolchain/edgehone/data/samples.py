"""Samples as a model takes them: their type, scale and shape."""

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from edgehone.data import sources
from edgehone.data.bundled import place_of
from edgehone.data.preprocessing import preprocessed
from edgehone.data.settings import USUAL, DataSettings, Wanted
from edgehone.errors import DataError
from edgehone.system.file_map import give_back
from edgehone.system.interface import all_named
from edgehone.system.numbers import Array, Shape, finite, fits, in_range, numeric
from edgehone.system.rows import Changed, LazyRows, Rows
from edgehone.system.settings import OFFSET, SCALE


@dataclass(frozen=True)
class Samples:
    """Samples x (n, *shape) of a source, all of them; split: whether they are its training split
    alone, because it has others as well.
    """

    x: Rows
    split: bool
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load_samples(source: str, settings: DataSettings = USUAL) -> Samples:
    """All samples of a source, or of its training split where it has splits of its own, whatever
    targets it has or lacks. Settings of targets and splits are of no use here; errors are those of
    `load`.
    """
    raw = sources.read(
        place_of(source), settings.input_shape, settings.input_dtype, how=settings.reading
    )
    wanted = settings.wanted_of(raw.arrays)
    name = "x_train" if "x_train" in raw.arrays else "x"
    x = samples_of(raw.arrays[name], f"{name} in {source!r}", wanted)
    split = any(f"x_{short}" in raw.arrays for short in sources.SPLITS)
    return Samples(x, split, raw.classes, raw.notes)


def samples_of(values: Rows, name: str, wanted: Wanted) -> Rows:
    """Samples as the model takes them: an array, or lazy rows where `wanted.at_once` says so.

    Raises DataError that says which are wrong, and in what.
    """
    if values.ndim == 0 or len(values) == 0:
        raise DataError(f"{name} is empty.", "Give at least a few samples.")
    _numeric(values, name)
    keeps = _keeps_integers(values.dtype, wanted)
    if wanted.at_once is None:
        numbers = _checked(np.asarray(values), name, wanted)
        return numbers.reshape(len(numbers), *_sample(values.shape[1:], name, wanted.shape))
    if keeps or not _always_in_range(values.dtype, wanted):
        size = max(wanted.at_once // max(4 * prod(values.shape[1:]), 1), 1)
        for start in range(0, len(values), size):
            _checked(values[start : start + size], name, wanted, start)
            if not isinstance(values, LazyRows):
                give_back(values)
    sample = _sample(values.shape[1:], name, wanted.shape)
    kind = values.dtype if keeps else np.dtype(np.float32)
    return Changed(values, partial(_taken, wanted, sample), sample, kind, wanted.at_once)


def _numeric(values: Rows, name: str) -> None:
    """Refuse what is no number, by the type alone where that says it."""
    if values.dtype.kind not in "biuf":
        numeric(np.asarray(values), name)


def _taken(wanted: Wanted, sample: tuple[int, ...], values: Array) -> Array:
    """Samples (k, …) of a source that has been checked, as the model takes them (k, *sample)."""
    return _changed(values, wanted).reshape(len(values), *sample)


def _changed(values: Array, wanted: Wanted) -> Array:
    """Each number as the model takes it; a large one may become infinite."""
    if _keeps_integers(values.dtype, wanted):
        return values
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
        if wanted.scale != 1 or wanted.offset != 0:
            numbers = numbers * np.float32(wanted.scale) + np.float32(wanted.offset)
    return preprocessed(numbers, wanted.preprocess) if wanted.preprocess else numbers


def _checked(values: Array, name: str, wanted: Wanted, start: int = 0) -> Array:
    """The numbers as the model takes them; start: the number of the first sample. Raises DataError
    for those that it cannot take.
    """
    if not _keeps_integers(values.dtype, wanted):
        finite(values, name, start)
    numbers = _changed(values, wanted)
    if numbers is not values:
        in_range(numbers, name, start)
    if "int" in wanted.dtype:
        _require_whole(numbers, name, wanted.dtype)
    return numbers


def _always_in_range(dtype: np.dtype[Any], wanted: Wanted) -> bool:
    """Whether no number of a type can be too large once it is scaled."""
    if "int" in wanted.dtype or dtype.kind not in "biu" or wanted.preprocess:
        return False
    ends = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return bool(np.isfinite(_changed(np.array(ends), wanted)).all())


def _keeps_integers(dtype: np.dtype[Any], wanted: Wanted) -> bool:
    same = wanted.scale == 1 and wanted.offset == 0 and not wanted.preprocess
    return same and dtype.kind in "iu" and "int" in wanted.dtype


def _require_whole(values: Array, name: str, dtype: str) -> None:
    """Refuse what an input of integers would cut or wrap around."""
    if values.dtype.kind == "f" and (values != np.trunc(values)).any():
        raise DataError(
            f"{name} has fractions, and the model takes integers ({dtype}).",
            f"Give whole numbers, or check {all_named((SCALE, OFFSET))}.",
        )
    bounds = np.iinfo(dtype)
    lowest, highest = values.min(), values.max()
    if lowest < bounds.min or highest > bounds.max:
        raise DataError(
            f"{name} has numbers from {lowest:g} to {highest:g}, and the model takes {dtype} "
            f"({bounds.min} to {bounds.max}).",
            f"Check that the data are the model's own, and {all_named((SCALE, OFFSET))}.",
        )


def _sample(sizes: tuple[int, ...], name: str, shape: Shape | None) -> tuple[int, ...]:
    """The shape of one sample as the model takes it: axes of length 1 come or go, and a vector
    takes flattened samples; nothing that would have to guess an order of axes.
    """
    if shape is None or fits(sizes, shape):
        return sizes
    squeezed = tuple(size for size in sizes if size != 1)
    if fits(squeezed, tuple(size for size in shape if size != 1)):
        left = iter(squeezed)
        return tuple(1 if size == 1 else next(left) for size in shape)
    flat = prod(sizes)
    if len(shape) == 1 and shape[0] == flat:
        return (flat,)
    raise DataError(
        f"{name} has samples of shape {sizes}, but the model takes {shape}.",
        "Reshape or resize the data, or check that it is the model's own.",
    )
