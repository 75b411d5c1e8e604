"""Samples as a model takes them: their type, scale and shape."""

from dataclasses import dataclass

import numpy as np

from edgehone.data import sources
from edgehone.data.bundled import place_of
from edgehone.data.settings import USUAL, DataSettings, Wanted
from edgehone.errors import DataError
from edgehone.system.interface import all_named
from edgehone.system.numbers import Array, Shape, finite, fits, in_range, numeric
from edgehone.system.settings import OFFSET, SCALE


@dataclass(frozen=True)
class Samples:
    """Samples x (n, *shape) of a source, all of them; split: whether they are its training split
    alone, because it has others as well.
    """

    x: Array
    split: bool
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load_samples(source: str, settings: DataSettings = USUAL) -> Samples:
    """All samples of a source, or of its training split where it has splits of its own, whatever
    targets it has or lacks. Settings of targets and splits are of no use here; errors are those of
    `load`.
    """
    wanted = settings.wanted
    raw = sources.read(place_of(source), wanted.shape, wanted.dtype, how=settings.reading)
    name = "x_train" if "x_train" in raw.arrays else "x"
    x = samples_of(raw.arrays[name], f"{name} in {source!r}", wanted)
    split = any(f"x_{short}" in raw.arrays for short in sources.SPLITS)
    return Samples(x, split, raw.classes, raw.notes)


def samples_of(values: Array, name: str, wanted: Wanted) -> Array:
    """Samples as the model takes them. Raises DataError that says which are wrong, and in what."""
    if values.ndim == 0 or len(values) == 0:
        raise DataError(f"{name} is empty.", "Give at least a few samples.")
    numbers = numeric(values, name)
    if not _keeps_integers(numbers, wanted):
        finite(numbers, name)
        with np.errstate(over="ignore"):  # reported by the check that follows
            numbers = numbers.astype(np.float32)
            if wanted.scale != 1 or wanted.offset != 0:
                numbers = numbers * np.float32(wanted.scale) + np.float32(wanted.offset)
        in_range(numbers, name)
    if "int" in wanted.dtype:
        _require_whole(numbers, name, wanted.dtype)
    return _shaped(numbers, name, wanted.shape)


def _keeps_integers(values: Array, wanted: Wanted) -> bool:
    same = wanted.scale == 1 and wanted.offset == 0
    return same and values.dtype.kind in "iu" and "int" in wanted.dtype


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


def _shaped(x: Array, name: str, shape: Shape | None) -> Array:
    """X as the model takes it: axes of length 1 come or go, and a vector takes flattened samples;
    nothing that would have to guess an order of axes.
    """
    if shape is None or fits(x.shape[1:], shape):
        return x
    squeezed = tuple(size for size in x.shape[1:] if size != 1)
    if fits(squeezed, tuple(size for size in shape if size != 1)):
        sizes = iter(squeezed)
        return x.reshape(len(x), *(1 if size == 1 else next(sizes) for size in shape))
    flat = int(np.prod(x.shape[1:]))
    if len(shape) == 1 and shape[0] == flat:
        return x.reshape(len(x), flat)
    raise DataError(
        f"{name} has samples of shape {x.shape[1:]}, but the model takes {shape}.",
        "Reshape or resize the data, or check that it is the model's own.",
    )
