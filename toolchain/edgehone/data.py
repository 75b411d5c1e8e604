"""Data sets: three checked splits of samples as the model takes them, and what belongs to each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import sources
from edgehone.errors import DataError
from edgehone.values import Task

Array = NDArray[Any]
Shape = tuple[int | None, ...]

DIGITS = "digits"
"""The word that names the bundled data."""

HELD_OUT = 0.15
"""Fraction of the samples that a missing validation or test split takes from train."""

SMALLEST_SPLIT = 2


@dataclass(frozen=True)
class Split:
    """Samples x (n, *shape) and targets y: labels (n, ...) int64, or numbers (n, ...) float32."""

    x: Array
    y: Array

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class DataSet:
    """Splits of one source. classes is 0 unless the task is classification; sha256 covers all
    arrays, so that it changes whenever any sample, label or split does.
    """

    train: Split
    validation: Split
    test: Split
    source: str
    sha256: str
    classes: int = 0

    def calibration(self, n: int, seed: int = 0) -> Array:
        """Up to n training samples, drawn without replacement: (n, *shape)."""
        count = min(n, len(self.train))
        return np.asarray(self.train.x[_order(len(self.train), seed)[:count]])


@dataclass(frozen=True)
class _Wanted:
    """How the samples must look: the arguments of `load` that are about the model's input."""

    shape: Shape | None
    dtype: str
    scale: float
    offset: float


def bundled_digits() -> Split:
    """The bundled handwritten digits: x (1797, 8, 8) uint8 from 0 to 16, y (1797,) from 0 to 9."""
    found = sources.read(str(_digits_path()))
    return Split(found["x"], found["y"])


def load(
    source: str,
    *,
    seed: int = 0,
    task: Task | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    limit: int | None = None,
    input_shape: Shape | None = None,
    input_dtype: str = "float32",
    classes: int | None = None,
) -> DataSet:
    """Read, check, split and convert a data source: an .npz path, an image folder,
    "python:module:function", or "digits".

    Samples become x * scale + offset as float32; integers stay as they are for a model whose
    input_dtype is an integer. input_shape: the model's input without its batch axis; classes:
    how many the model tells apart (both None: not known). limit: most samples a split may keep.
    Missing splits are drawn from train by `seed`, in equal shares of every class.
    Raises DataError that says which array is wrong, in what, and what it should be.
    """
    task, name = task or Task(), repr(source)
    wanted = _Wanted(input_shape, input_dtype, scale, offset)
    raw = sources.read(str(_digits_path()) if source == DIGITS else source, input_shape)
    suffixes = {"": "train", **{f"_{short}": split for short, split in sources.SPLITS.items()}}
    parts = {
        split: _part(raw, suffix, name, task, wanted)
        for suffix, split in suffixes.items()
        if f"x{suffix}" in raw
    }
    _same_shapes(parts, name)
    stratify = task.kind == "classification"
    parts = _complete(parts, name, seed, stratify=stratify)
    if limit is not None:
        shares = {split: min(1.0, limit / len(part)) for split, part in parts.items()}
        parts = {
            split: _drawn(part, shares[split], seed, stratify=stratify)[0]
            for split, part in parts.items()
        }
    found = _classes(parts, name, classes) if stratify else 0
    digest = _sha256(parts)
    return DataSet(parts["train"], parts["validation"], parts["test"], source, digest, found)


def _digits_path() -> Path:
    return Path(__file__).parent / "demo_data" / "digits.npz"


def _part(raw: Mapping[str, Array], suffix: str, where: str, task: Task, wanted: _Wanted) -> Split:
    """One split as read, converted to what model and task take."""
    name = f"x{suffix} in {where}"
    x = _samples(raw[f"x{suffix}"], name, wanted)
    y = raw.get(f"y{suffix}")
    if task.kind == "reconstruction":
        if y is None or y.shape != raw[f"x{suffix}"].shape:
            return Split(x, x)  # labels, if any, are of no use here
        return Split(x, _samples(y, f"y{suffix} in {where}", wanted))
    if y is None:
        raise DataError(f"{where} has x{suffix} but no y{suffix}.", "Add the targets.")
    if len(y) != len(x):
        raise DataError(f"{name} has {len(x)} samples, y{suffix} has {len(y)}.", "Make them equal.")
    name = f"y{suffix} in {where}"
    return Split(x, _labels(y, name) if task.kind == "classification" else _numbers(y, name))


def _samples(values: Array, name: str, wanted: _Wanted) -> Array:
    if values.ndim == 0 or len(values) == 0:
        raise DataError(f"{name} is empty.", "Give at least a few samples.")
    numbers = _numeric(values, name)
    if not _keeps_integers(numbers, wanted):
        _finite(numbers, name)
        with np.errstate(over="ignore"):  # told by the check that follows
            numbers = numbers.astype(np.float32)
            if wanted.scale != 1 or wanted.offset != 0:
                numbers = numbers * np.float32(wanted.scale) + np.float32(wanted.offset)
        _in_range(numbers, name)
    return _shaped(numbers, name, wanted.shape)


def _keeps_integers(values: Array, wanted: _Wanted) -> bool:
    same = wanted.scale == 1 and wanted.offset == 0
    return same and values.dtype.kind in "iu" and "int" in wanted.dtype


def _shaped(x: Array, name: str, shape: Shape | None) -> Array:
    """X as the model takes it: axes of length 1 come or go, and a vector takes flattened samples;
    nothing that would have to guess an order of axes.
    """
    if shape is None or _fits(x.shape[1:], shape):
        return x
    squeezed = tuple(size for size in x.shape[1:] if size != 1)
    if _fits(squeezed, tuple(size for size in shape if size != 1)):
        sizes = iter(squeezed)
        return x.reshape(len(x), *(1 if size == 1 else next(sizes) for size in shape))
    flat = int(np.prod(x.shape[1:]))
    if len(shape) == 1 and shape[0] == flat:
        return x.reshape(len(x), flat)
    raise DataError(
        f"{name} has samples of shape {x.shape[1:]}, but the model takes {shape}.",
        "Reshape or resize the data, or check that it is the model's own.",
    )


def _fits(sizes: tuple[int, ...], shape: Shape) -> bool:
    return len(sizes) == len(shape) and all(
        wanted is None or size == wanted for size, wanted in zip(sizes, shape, strict=True)
    )


def _labels(values: Array, name: str) -> Array:
    """Integer labels (n, ...) of integers, whole floats, booleans, or one-hot rows (n, k)."""
    numbers = _numeric(values, name)
    _finite(numbers, name)
    if numbers.ndim == 2 and numbers.shape[1] > 1 and _is_one_hot(numbers):
        return np.asarray(numbers.argmax(axis=1), dtype=np.int64)
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    labels = numbers.astype(np.int64)
    if (labels != numbers).any():
        raise DataError(f"{name} has a label that is no integer.", "Number the classes from 0.")
    if labels.min() < 0:
        raise DataError(
            f"{name} has label {labels.min()}, which is out of range.", "Labels start at 0."
        )
    return labels


def _is_one_hot(values: Array) -> bool:
    return bool(np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all())


def _numbers(values: Array, name: str) -> Array:
    numbers = _numeric(values, name)
    _finite(numbers, name)
    with np.errstate(over="ignore"):  # told by the check that follows
        numbers = numbers.astype(np.float32)
    _in_range(numbers, name)
    return numbers


def _numeric(values: Array, name: str) -> Array:
    if values.dtype.kind not in "biuf":
        raise DataError(
            f"{name} has type {values.dtype}, not numbers.", "Save numbers; classes count from 0."
        )
    return values


def _finite(values: Array, name: str) -> None:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        first = int(np.argwhere(~np.isfinite(values))[0][0])
        raise DataError(
            f"{name} has NaN or infinity, first in sample {first}.", "Clean or drop such samples."
        )


def _in_range(values: Array, name: str) -> None:
    """Refuse what was finite and no longer is, as float32 (largest: 3.4e38) or scaled."""
    if not np.isfinite(values).all():
        first = int(np.argwhere(~np.isfinite(values))[0][0])
        raise DataError(
            f"{name} has a number that is too large for float32, first in sample {first}.",
            "Scale the data down, or check scale and offset under [data].",
        )


def _same_shapes(parts: Mapping[str, Split], source: str) -> None:
    for axis in ("x", "y"):
        shapes = {name: getattr(part, axis).shape[1:] for name, part in parts.items()}
        if len(set(shapes.values())) > 1:
            told = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
            raise DataError(f"The splits of {source} differ in the shape of {axis} ({told}).")


def _complete(
    parts: Mapping[str, Split], source: str, seed: int, *, stratify: bool
) -> dict[str, Split]:
    """All three splits; a missing one is drawn from train."""
    found = dict(parts)
    total = len(found["train"])
    for name in ("test", "validation"):
        if name not in found:
            share = HELD_OUT * total / len(found["train"])
            found[name], found["train"] = _drawn(found["train"], share, seed, stratify=stratify)
    for name, part in found.items():
        if len(part) < SMALLEST_SPLIT:
            raise DataError(
                f"{source} is too small: its {name} split has {len(part)} samples.",
                f"Every split needs at least {SMALLEST_SPLIT}; give more data.",
            )
    return found


def _drawn(part: Split, share: float, seed: int, *, stratify: bool) -> tuple[Split, Split]:
    """A share of the samples drawn at random, and the rest, both in their old order.

    Stratified: the samples are shuffled, then sorted by label, and every 1/share-th is drawn,
    so that each class gives its share to within one sample.
    """
    order = _order(len(part), seed)
    if stratify and part.y.ndim == 1:
        order = order[np.argsort(part.y[order], kind="stable")]
    count = round(share * len(part))
    drawn = np.zeros(len(part), dtype=bool)
    drawn[order[((np.arange(count) + 0.5) * len(part) / max(count, 1)).astype(int)]] = True
    return Split(part.x[drawn], part.y[drawn]), Split(part.x[~drawn], part.y[~drawn])


def _order(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).permutation(n)


def _classes(parts: Mapping[str, Split], source: str, known: int | None) -> int:
    """How many classes there are, after checking that every label is one of the model's."""
    highest = {name: int(part.y.max()) for name, part in parts.items()}
    for name, label in highest.items():
        if known is not None and label >= known:
            raise DataError(
                f"Label {label} in the {name} split of {source} is out of range: "
                f"the model tells {known} classes apart.",
                f"Labels are integers from 0 to {known - 1}.",
            )
    for name, part in parts.items():
        if name != "validation" and (part.y == part.y.flat[0]).all():
            raise DataError(
                f"The {name} split of {source} has one class only ({part.y.flat[0]}).",
                "Nothing can be told apart; check the labels.",
            )
    return known or max(highest.values()) + 1


def _sha256(parts: Mapping[str, Split]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parts):
        for values in (parts[name].x, parts[name].y):
            digest.update(f"{name} {values.shape} {values.dtype}".encode())
            digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
