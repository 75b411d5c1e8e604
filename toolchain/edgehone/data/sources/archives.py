"""The arrays of an .npz file, and what is said of one that is damaged or holds something else."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from edgehone.data.sources._base import Array
from edgehone.errors import DataError
from edgehone.system.arrays import BROKEN, npz
from edgehone.system.bounds import BeyondBoundsError
from edgehone.system.files import opened, reading
from edgehone.system.library_errors import sentence

DAMAGED = "Copy or download the file again, or save it again with numpy.savez_compressed."
_TOO_LARGE = (
    "Free some memory, keep fewer samples or smaller types (uint8 instead of float32), or save it "
    "with numpy.savez, whose large arrays are read from the file as they are needed."
)


def arrays_of(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """The arrays of an .npz file that are called so, and nothing (0) for each of the others.

    Raises DataError for what is no such file, StorageError for what cannot be opened.
    """
    if not _is_archive(path):
        raise DataError(f"{path} is not an .npz file, or is damaged or cut short.", DAMAGED)
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
        raise DataError(f"{path} is damaged or cut short ({sentence(error)}).", DAMAGED) from error


def _is_archive(path: Path) -> bool:
    with reading(path), opened(path) as stream:
        return zipfile.is_zipfile(stream)
