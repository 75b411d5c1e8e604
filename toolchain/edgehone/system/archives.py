"""Members of ZIP archives, read no further than an archive says, and than there is room for."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edgehone.system.bounds import MEMBERS, BeyondBoundsError, bytes_text
from edgehone.system.files import opened
from edgehone.system.memory import require_memory

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that NumPy and Keras write. Of others zipfile unpacks a whole piece, however large."""

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError)
"""What reading an archive raises when it is damaged, or beyond bounds."""

_PIECE = 1 << 20


@contextmanager
def archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A ZIP archive open for reading. Raises one of DAMAGED for what is none, StorageError or
    OSError for what cannot be opened.
    """
    with opened(path) as stream, zipfile.ZipFile(stream) as found:
        if len(found.filelist) > MEMBERS:
            raise BeyondBoundsError(f"it has {len(found.filelist)} members, {MEMBERS} are read")
        yield found


def member(found: zipfile.ZipFile, name: str, most: int | None = None) -> bytes:
    """A member's content. Raises one of DAMAGED when there is none of that name, when it is larger
    than `most` bytes (what memory there is for it, if not given), or not as large as it says.
    """
    info = found.getinfo(name)
    require_room([info], most)
    require_method(info)
    pieces, left = list[bytes](), info.file_size
    with found.open(info) as stream:
        while left > 0 and (piece := stream.read(min(left, _PIECE))):
            pieces.append(piece)
            left -= len(piece)
        if left or stream.read(1):
            raise BeyondBoundsError(f"{name} is not as large as the archive says")
    return b"".join(pieces)


def require_room(infos: Sequence[zipfile.ZipInfo], most: int | None = None) -> None:
    """Refuse members that are larger than `most` bytes together (`MEMORY_SHARE` of what is free, if
    not given): BeyondBoundsError.
    """
    size = sum(info.file_size for info in infos)
    if most is not None and size > most:
        what = infos[0].filename if len(infos) == 1 else "what is in it"
        raise BeyondBoundsError(
            f"{what} unpacks to {bytes_text(size)}, more than is read of it ({bytes_text(most)})"
        )
    require_memory(size, "it unpacks to")


def require_method(info: zipfile.ZipInfo) -> None:
    """Refuse a member that is encrypted, or packed in a way that cannot be unpacked by pieces."""
    if info.flag_bits & 1:
        raise BeyondBoundsError(f"{info.filename} is encrypted")
    if info.compress_type not in METHODS:
        raise BeyondBoundsError(f"{info.filename} is packed in another way than by DEFLATE")
