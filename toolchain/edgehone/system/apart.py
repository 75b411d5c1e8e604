"""Files that are written are others than those that are read."""

import os
from collections.abc import Sequence
from pathlib import Path

from edgehone.errors import UsageError


def require_apart(
    written: Sequence[Path], read: Sequence[Path | None], hint: str, why: str = "which is read"
) -> None:
    """Refuse to write over what is read, or one file twice: UsageError.

    why: ends the sentence about a file that is read. Devices, such as /dev/null, take anything.
    """
    for place in written:
        for path in read:
            if path is not None and _same(place, path):
                raise UsageError(f"{place} would be written over {path}, {why}.", hint)
    for number, place in enumerate(written):
        for other in written[:number]:
            if _same(place, other):
                raise UsageError(f"{place} would be written twice.", hint)


def _same(place: Path, path: Path) -> bool:
    if "\0" in f"{place}{path}":
        return False  # no file has such a name: whoever opens it says so
    if place.exists() and path.exists():
        return place.is_file() and place.samefile(path)
    return os.path.realpath(place) == os.path.realpath(path)
