"""ZIP archives that are not what they say: bombs, lies about sizes, arrays that are not there."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np


def with_member(path: Path, name: str, content: bytes, *, packed: bool = True) -> Path:
    """An archive of one member."""
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, content)
    return path


def said_size(path: Path, size: int) -> Path:
    """The same archive of one packed member, which now says to be of another size."""
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(mark) + place
        content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    return path


def zeros(path: Path, name: str, size: int, *, head: bytes = b"") -> Path:
    """A member of so many zeros, packed a thousand to one; it is written by pieces."""
    piece = bytes(1 << 20)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as stream,
    ):
        stream.write(head)
        for start in range(0, size, len(piece)):
            stream.write(piece[: min(len(piece), size - start)])
    return path


def npy_header(*shape: int, kind: str = "<f4") -> bytes:
    """The beginning of a .npy file of that shape, without its numbers."""
    stream = io.BytesIO()
    described = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def png(path: Path, width: int, height: int) -> Path:
    """A grey PNG that says to be so large; its pixels end after a few."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    return path
