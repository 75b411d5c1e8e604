"""What a quantized input can hold, how many samples lie outside of it, and when bytes are meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.system.rows import Rows, bounds, changed, parts
from edgehone.values import Plain

Array = NDArray[Any]

LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
"""Least and greatest number of the types that inputs are quantized to."""

FINE_STEP = 1 / 16
"""Largest step of an input that bytes are taken for numbers of: it then holds 16 at most, and
nearly all bytes would be clipped. Usual steps are 1/255 (0 to 1) and 1/127.5 (-1 to 1)."""

BYTES_SPREAD = 128
"""Least distance of the smallest from the greatest value of what is taken for bytes: half of
their range, so that small counts, classes and grey levels from 0 to 16 are not."""

IMAGE_RANK = 3
"""Of samples, with the axis that counts them: images are bytes also where resizing has left
fractions."""


@dataclass(frozen=True)
class InputRange:
    """A quantized input: a number q of it stands for (q - zero_point) * scale.

    direct: the file takes q itself; else real numbers, which it quantizes so at once.
    """

    name: str
    dtype: str
    scale: float
    zero_point: int
    direct: bool = True

    @property
    def low(self) -> float:
        """The least real number that it holds."""
        return (LIMITS[self.dtype][0] - self.zero_point) * self.scale

    @property
    def high(self) -> float:
        """The greatest one."""
        return (LIMITS[self.dtype][1] - self.zero_point) * self.scale


@dataclass(frozen=True)
class FileSamples:
    """Samples as a file is fed with them, as real numbers; bytes: they were meant as they are."""

    x: Rows
    y: Array
    bytes: bool = False


def input_ranges(audit: Plain | None) -> tuple[InputRange | None, ...]:
    """The range of each input of a file, None for those that are not quantized."""
    return tuple(_input_range(port) for port in (audit or {}).get("inputs") or ())


def only_input(audit: Plain | None) -> InputRange | None:
    """The range of a file's one input; None when that is not quantized, or there are several."""
    found = input_ranges(audit)
    return found[0] if len(found) == 1 else None


def _input_range(port: Plain) -> InputRange | None:
    name, behind = str(port["name"]), port.get("quantized_as")
    if port["dtype"] in LIMITS and port.get("scale"):
        return InputRange(name, port["dtype"], port["scale"], int(port["zero_point"] or 0))
    if behind and behind["dtype"] in LIMITS and behind["scale"]:
        scale, zero_point = behind["scale"], int(behind["zero_point"])
        return InputRange(name, behind["dtype"], scale, zero_point, direct=False)
    return None


def fed(x: Rows, y: Array, port: InputRange | None, *, raw: bool) -> FileSamples:
    """Samples x (n, ...) and targets y as a file with this input takes them.

    raw: nobody said how they are scaled. Bytes are then passed on as they are where numbers of
    their size could not be meant (`_less`); they become the real numbers that those bytes stand
    for, and so do targets that are the samples themselves.
    """
    less = _less(x, port) if raw and port is not None else None
    if port is None or less is None:
        return FileSamples(x, y)
    same = y.shape == x.shape and y.dtype == x.dtype and np.array_equal(y, np.asarray(x))
    meant = changed(x, partial(_meant, less + port.zero_point, port.scale), np.float32)
    return FileSamples(meant, np.asarray(meant) if same else y, bytes=True)


def _meant(zero: int, step: float, x: Array) -> Array:
    """The real numbers that bytes stand for."""
    return np.asarray(((np.rint(x) - zero) * step).astype(np.float32))


def _less(x: Rows, port: InputRange) -> int | None:
    """What bytes are lessened by on their way into an 8-bit input; None when x are no bytes, or
    the input's step says that numbers of their size are meant.

    Bytes from 0 to 255 go to int8 less 128; those from -128 to 127 as they are.
    """
    if not port.direct or port.dtype == "int16" or port.scale > FINE_STEP or not prod(x.shape):
        return None
    least, most = bounds(x)
    whole = x.ndim > IMAGE_RANK - 1 or all((part == np.rint(part)).all() for part in parts(x))
    if not whole or most - least < BYTES_SPREAD:
        return None
    unsigned = least >= 0 and most <= LIMITS["uint8"][1]
    if unsigned:
        return 128 if port.dtype == "int8" else 0
    signed = least >= LIMITS["int8"][0] and most <= LIMITS["int8"][1]
    return 0 if signed and port.dtype == "int8" else None


def clipped(x: Rows, port: InputRange) -> dict[str, float]:
    """Fractions {"values", "samples"} of x (n, ...) that lie outside of what an input holds, by
    more than one step: less than that, calibration and rounding lose.
    """
    if not prod(x.shape):
        return {"values": 0.0, "samples": 0.0}
    values = samples = 0
    for part in parts(x):
        outside = (part < port.low - port.scale) | (part > port.high + port.scale)
        values += int(outside.sum())
        samples += int(outside.reshape(len(outside), -1).any(axis=1).sum())
    return {"values": values / prod(x.shape), "samples": samples / len(x)}


def described(port: InputRange, shares: Plain, *, as_bytes: bool = False) -> dict[str, Any]:
    """An input as documents have it. shares: what of each split it clips (`clipped`)."""
    return {
        "name": port.name,
        "low": port.low,
        "high": port.high,
        "step": port.scale,
        "bytes": as_bytes,
        "clipped": dict(shares),
    }


def clipped_inputs(inputs: Sequence[Array], audit: Plain | None, split: str) -> list[Plain]:
    """What the quantized inputs of a file clip of these samples, an array for each input."""
    return [
        described(port, {split: clipped(array, port)})
        for array, port in zip(inputs, input_ranges(audit), strict=True)
        if port is not None
    ]
