"""A device's folder that lies on this machine: files come and go by copying."""

import filecmp
from pathlib import Path, PurePosixPath

from edgehone.errors import FileMissingError
from edgehone.system.files import copy_whole


def put(folder: Path, source: Path, name: PurePosixPath) -> None:
    """Copy a file to the folder; skipped when the same content is there already."""
    place = folder / name
    if not (place.is_file() and filecmp.cmp(source, place, shallow=False)):
        copy_whole(source, place)
    if name.parts[0] == "bin":
        place.chmod(0o755)


def get(folder: Path, name: PurePosixPath, destination: Path, *, of: str, hint: str) -> None:
    """Copy a file out of the folder. Raises FileMissingError, about the device that it is of, when
    it is not there.
    """
    place = folder / name
    if not place.is_file():
        raise FileMissingError(f"The {of} device has no file {name}.", hint)
    copy_whole(place, destination)
