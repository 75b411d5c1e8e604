"""Arrays that take long to read, kept as .npy files in the user's cache, by content."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from edgehone.system.files import whole_file, writing
from edgehone.system.places import user_cache

KEPT_FROM_BYTES = 1 << 26
"""From this size on an array is kept: smaller ones are read again as fast."""

UNUSED_DAYS = 30
"""After which an array that nobody asked for is removed when the next one is kept."""

_SPARE = 1.1
"""Room on the disk for an array, by its size."""


def kept(key: str, make: Callable[[IO[bytes]], None]) -> Path:
    """The .npy file of a key, which is made by writing into a stream unless it is there; a file is
    there whole or not at all. Raises StorageError and what `make` raises.
    """
    file = _folder() / f"{key}.npy"
    if file.is_file():
        with suppress(OSError):  # another user's, or removed meanwhile: it is made again below
            os.utime(file)
            return file
    with whole_file(file) as temporary, writing(file), temporary.open("wb") as stream:
        make(stream)
    _remove_unused()
    return file


def has_room(size: int) -> bool:
    """Whether an array of so many bytes can be kept."""
    folder = _folder()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free > _SPARE * size


def _folder() -> Path:
    return user_cache("arrays")


def _remove_unused() -> None:
    oldest = time.time() - UNUSED_DAYS * 86_400
    for file in _folder().glob("*.npy"):
        with suppress(OSError):  # another process removes it, or keeps it open
            if file.stat().st_mtime < oldest:
                file.unlink()
