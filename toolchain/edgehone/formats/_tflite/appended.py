"""Files that a .tflite file carries behind its flatbuffer, as a ZIP archive: label files mostly."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.system.archives import DAMAGED, require_room
from edgehone.system.bounds import MEMBERS, MODEL_BYTES

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that the archive has: equal files make equal bytes."""

_END_OF_ARCHIVE = b"PK\x05\x06"


@dataclass(frozen=True)
class AppendedFile:
    """A file's name, and what is in it."""

    name: str
    content: bytes


def appended(content: bytes) -> tuple[bytes, tuple[AppendedFile, ...]]:
    """The model without what is appended to it, and the files that are; none where the end is not
    that of an archive that can be read.
    """
    if _END_OF_ARCHIVE not in content[-(1 << 16) - 22 :]:
        return content, ()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if not entries or len(entries) > MEMBERS:
                return content, ()
            require_room(entries, MODEL_BYTES)
            start = min(each.header_offset for each in entries)
            files = tuple(AppendedFile(each.filename, archive.read(each)) for each in entries)
    except (*DAMAGED, RuntimeError):
        return content, ()  # bytes of weights that look like an archive's end
    return content[:start], files


def with_appended(flatbuffer: bytes, files: Sequence[AppendedFile]) -> bytes:
    """The model with files behind it, not compressed, as they are read in place."""
    if not files:
        return flatbuffer
    whole = io.BytesIO(flatbuffer)
    whole.seek(0, io.SEEK_END)
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_STORED) as archive:
        for each in files:
            archive.writestr(zipfile.ZipInfo(each.name, _DATE), each.content)
    return whole.getvalue()
