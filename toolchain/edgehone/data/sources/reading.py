"""Reads a source of any kind into arrays by name."""

import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.data.sources._base import CLASS_NAMES, HINT, NAMES, Array, Raw, Shape
from edgehone.data.sources.folders import read_folder
from edgehone.data.sources.functions import array_of, by_name
from edgehone.errors import DataError
from edgehone.system.arrays import BROKEN, npz
from edgehone.system.bounds import BeyondBoundsError
from edgehone.system.files import opened, reading
from edgehone.system.library_errors import sentence
from edgehone.system.user_code import call, is_reference

_DAMAGED = "Copy or download the file again, or save it again with numpy.savez_compressed."
_TOO_LARGE = (
    "Free some memory, keep fewer samples or smaller types (uint8 instead of float32), or save it "
    "with numpy.savez, whose large arrays are read from the file as they are needed."
)


TRAINING = ("x", "x_train")
"""Arrays of which a source for training needs one."""


def read(
    source: str,
    shape: Shape | None = None,
    dtype: str = "float32",
    *,
    needed: Sequence[str] = TRAINING,
) -> Raw:
    """The arrays of a source by name: "x", "y", or "x_train", "y_train", "x_val", ….

    shape, dtype: of one sample as the model takes it, which images are resized to. needed: the
    source has to have one of these arrays.
    Raises DataError when the source is missing, damaged or holds no such arrays.
    """
    if is_reference(source):
        return _named(by_name(call(source, (), DataError), source), source, needed)
    path = Path(source).expanduser()
    if path.is_dir():
        return read_folder(path, shape, dtype)
    if not path.exists():
        raise DataError(f"There is no data at {source!r}.", HINT)
    if path.suffix != ".npz":
        raise DataError(f"{source!r} is neither an .npz file nor a folder.", HINT)
    return _named(arrays_of(path, (*NAMES, *CLASS_NAMES)), source, needed)


def arrays_of(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """The arrays of an .npz file that are called so, and nothing (0) for each of the others.

    Raises DataError for what is no such file, StorageError for what cannot be opened.
    """
    if not _is_archive(path):
        raise DataError(f"{path} is not an .npz file, or is damaged or cut short.", _DAMAGED)
    try:
        with reading(path):
            return npz(path, names)
    except BeyondBoundsError as error:
        raise DataError(f"{path} cannot be read: {error}.", _TOO_LARGE) from error
    except ValueError as error:
        raise DataError(
            f"{path} holds something else than plain arrays ({sentence(error)}).",
            "Save numbers with numpy.savez_compressed; arrays of Python objects are not read "
            "(texts: numpy.array(names, dtype=str)).",
        ) from error
    except BROKEN as error:
        raise DataError(f"{path} is damaged or cut short ({sentence(error)}).", _DAMAGED) from error


def _is_archive(path: Path) -> bool:
    with reading(path), opened(path) as stream:
        return zipfile.is_zipfile(stream)


def _named(found: Mapping[str, Any], source: str, needed: Sequence[str]) -> Raw:
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
    return Raw(arrays, _class_names(found, source))


def _require_characters(name: str, value: Any, source: str) -> None:
    """Refuse texts of numbers that stand for no characters, which Python cannot even hold."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.dtype.itemsize:
        points = np.dtype(np.uint32).newbyteorder(value.dtype.byteorder)
        found = np.ascontiguousarray(value).view(points)
        if found.size and found.max() > sys.maxunicode:
            raise DataError(f"The texts of {name} in {source!r} are damaged.", _DAMAGED)


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
