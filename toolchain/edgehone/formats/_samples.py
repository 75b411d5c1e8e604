"""Calibration samples as one feed after another, checked against the inputs they are for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.errors import ConversionError
from edgehone.formats._base import Array, Calibration


@dataclass(frozen=True)
class Border:
    """One input of a file: its name, its shape with the batch first, and its NumPy type."""

    name: str
    shape: tuple[int, ...]
    dtype: Any


def feeds(borders: Sequence[Border], calibration: Calibration) -> Iterator[list[Array]]:
    """The samples in the file's batches, one array per input in its type; the last batch is filled
    up with the last sample.

    Raises ConversionError at once when there is no sample, or when samples do not fit the inputs.
    """
    _check(borders, calibration.samples)
    return _feeds(borders, calibration.samples)


def _feeds(borders: Sequence[Border], samples: Sequence[Array]) -> Iterator[list[Array]]:
    size = borders[0].shape[0]
    for start in range(0, len(samples[0]), size):
        chosen = np.minimum(np.arange(start, start + size), len(samples[0]) - 1)
        pairs = zip(samples, borders, strict=True)
        yield [np.asarray(array[chosen], border.dtype) for array, border in pairs]


def _check(borders: Sequence[Border], samples: Sequence[Array]) -> None:
    if not samples or not len(samples[0]):
        raise ConversionError(
            "Static precisions need calibration samples, and there are none.",
            "Give calibration data, or ask for a dynamic precision.",
        )
    if len(samples) != len(borders):
        raise ConversionError(
            f"There are calibration samples for {len(samples)} inputs, but the model has "
            f"{len(borders)}: {', '.join(border.name for border in borders)}.",
            "Give one array of samples per input, in the order of the model's inputs.",
        )
    for border, array in zip(borders, samples, strict=True):
        _check_one(border, array, len(samples[0]))


def _check_one(border: Border, array: Array, count: int) -> None:
    if len(array) != count:
        raise ConversionError(
            f"Input {border.name!r} has {len(array)} calibration samples, the first one {count}.",
            "Give every input the same number of samples.",
        )
    if tuple(array.shape[1:]) != border.shape[1:]:
        raise ConversionError(
            f"A calibration sample has shape {tuple(array.shape[1:])}, but the model takes "
            f"{border.shape[1:]} (input {border.name!r}).",
            "Give calibration data in the shape of the model's input.",
        )
    if not np.issubdtype(border.dtype, np.integer) or array.dtype.kind in "iub":
        return
    if not np.isfinite(array).all() or (array != np.round(array)).any():
        raise ConversionError(
            f"Input {border.name!r} takes integers ({np.dtype(border.dtype)}), and its "
            "calibration samples are not whole numbers.",
            "Give the numbers as the model takes them, without scaling.",
        )
