"""A folder of .npy files, called as arrays of an .npz file are: x.npy, y.npy, x_train.npy."""

from pathlib import Path

from edgehone.data.sources._base import Array, Raw
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.named import KNOWN, named
from edgehone.errors import DataError
from edgehone.system.arrays import BROKEN, mapped, npy
from edgehone.system.bounds import BeyondBoundsError
from edgehone.system.files import reading
from edgehone.system.kept_arrays import KEPT_FROM_BYTES
from edgehone.system.library_errors import sentence

_SUFFIX = ".npy"


class ArrayFolder(Source):
    """Arrays called like the files; large ones stay in them."""

    def takes(self, source: str, path: Path) -> bool:
        """A folder with x.npy or x_train.npy, or such as can be judged by."""
        return path.is_dir() and any(
            (path / f"{name}{_SUFFIX}").is_file() for name in ("x", "x_train", "x_val", "x_test")
        )

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """Those that are called like data."""
        files = {name: path / f"{name}{_SUFFIX}" for name in KNOWN}
        with reading(path):
            there = {name: file for name, file in files.items() if file.is_file()}
        return named({n: _array(file) for n, file in there.items()}, source, request.needed)


def _array(file: Path) -> Array:
    try:
        with reading(file):
            size = file.stat().st_size
            return mapped(file) if size >= KEPT_FROM_BYTES else npy(file, size)
    except BeyondBoundsError as error:
        raise DataError(
            f"{file} cannot be read: {error}.", "Free some memory, or keep fewer samples."
        ) from error
    except ValueError as error:
        raise DataError(
            f"{file} holds something else than a plain array ({sentence(error)}).",
            "Save numbers with numpy.save; arrays of Python objects are not read (texts: "
            "numpy.array(names, dtype=str)).",
        ) from error
    except BROKEN as error:
        raise DataError(
            f"{file} is damaged or cut short ({sentence(error)}).",
            "Copy the file again, or save it again with numpy.save.",
        ) from error
