"""What every array must be: numbers, finite, and within what float32 holds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import DataError
from edgehone.system.interface import all_named
from edgehone.system.settings import OFFSET, SCALE

Array = NDArray[Any]
Shape = tuple[int | None, ...]


def numeric(values: Array, name: str) -> Array:
    """The values, if they are numbers; texts, complex numbers and Python objects are none."""
    if values.dtype.kind in "biuf":
        return values
    kinds = {"O": "Python objects", "c": "complex numbers"}
    shape_text = "texts" if are_texts(values) else kinds.get(values.dtype.kind, "something else")
    raise DataError(
        f"{name} has {shape_text} (type {values.dtype}), not numbers.",
        "Save numbers (array.astype('float32')); classes count from 0.",
    )


def are_texts(values: Array) -> bool:
    """Whether an array holds texts, also as Python objects."""
    if values.dtype.kind in "US":
        return True
    return values.dtype.kind == "O" and all(isinstance(each, str) for each in values.flat)


def finite(values: Array, name: str, start: int = 0) -> None:
    """Refuse NaN and infinity. start: the number of the first sample among all."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        first = start + int(np.argwhere(~np.isfinite(values))[0][0])
        raise DataError(
            f"{name} has NaN or infinity, first in sample {first}.", "Clean or drop such samples."
        )


def in_range(values: Array, name: str, start: int = 0) -> None:
    """Refuse what was finite and no longer is, as float32 (largest: 3.4e38) or scaled. start: the
    number of the first sample among all.
    """
    if not np.isfinite(values).all():
        first = start + int(np.argwhere(~np.isfinite(values))[0][0])
        raise DataError(
            f"{name} has a number that is too large for float32, first in sample {first}.",
            f"Scale the data down, or check {all_named((SCALE, OFFSET))}.",
        )


def float32_of(values: Array, name: str) -> Array:
    """Finite numbers as float32."""
    numbers = numeric(values, name)
    finite(numbers, name)
    with np.errstate(over="ignore"):  # reported by the check that follows
        numbers = numbers.astype(np.float32)
    in_range(numbers, name)
    return numbers


def fits(sizes: tuple[int, ...], shape: Shape) -> bool:
    """Whether a shape is that one, in which None is any size."""
    return len(sizes) == len(shape) and all(
        wanted is None or size == wanted for size, wanted in zip(sizes, shape, strict=True)
    )


def shape_text(shape: Shape) -> str:
    """A shape of one sample, as one of many: (n, 3)."""
    return f"({', '.join(['n', *('?' if size is None else str(size) for size in shape)])})"
