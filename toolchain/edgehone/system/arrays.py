"""Arrays out of .npy and .npz files: what a header declares is held against what is there."""

import hashlib
import io
import mmap
import shutil
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgehone.system.archives import DAMAGED, archive, require_method
from edgehone.system.bounds import BeyondBoundsError, bytes_text
from edgehone.system.file_map import FileMap
from edgehone.system.files import opened
from edgehone.system.kept_arrays import KEPT_FROM_BYTES, has_room, kept
from edgehone.system.memory import require_memory
from edgehone.system.rows import Rows, parts

Array = NDArray[Any]

BROKEN = (
    *DAMAGED,
    *(tokenize.TokenError, SyntaxError, TypeError, OverflowError, struct.error),
    *(MemoryError, RecursionError),
)
"""What reading a file of arrays raises when it is damaged, holds something else, or is beyond
bounds; NumPy reads headers as Python, whose parser fails in all these ways."""

_SUFFIX = ".npy"
_MOST_DIMENSIONS = 32
_LOCAL = struct.Struct("<4s5H3I2H")
"""The header before a member's content in a ZIP archive; its last two: lengths of what follows."""
_PIECE = 1 << 24


@dataclass(frozen=True)
class _Header:
    """What a .npy file says of itself; start: where its numbers begin."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def size_bytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


_Reader = Callable[[zipfile.ZipFile, zipfile.ZipInfo, _Header], Array]


def npy(path: Path, most: int) -> Array:
    """The array in a .npy file of at most so many bytes.

    Raises one of BROKEN for what is none, OSError or StorageError for what cannot be opened.
    """
    with opened(path) as stream:
        header = _header(stream)
        size = stream.seek(0, io.SEEK_END)
        _require_size(header, size, path.name)
        if header.size_bytes > most:
            raise BeyondBoundsError(f"it holds {bytes_text(size)}, {bytes_text(most)} are read")
        require_memory(header.size_bytes, "its numbers take")
        stream.seek(header.start)
        content = bytearray(header.size_bytes)
        content[:] = stream.read(header.size_bytes)
        return _array(header, content)


def npz(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """The arrays of an .npz file that are called so, and nothing (0) for each of the others.

    Many numbers take no memory until they are used: those that are not packed stay in the file,
    packed ones are unpacked once into the user's cache and stay there. The rest, and what the cache
    has no room for, may take a share of what is free (`require_memory`). Raises as `npy` does.
    """
    with archive(path) as found:
        members = {info.filename.removesuffix(_SUFFIX): info for info in found.filelist}
        headers = {
            name: _member_header(found, info) for name, info in members.items() if name in names
        }
        readers = {name: _reader(members[name], header) for name, header in headers.items()}
        loaded = [name for name, reader in readers.items() if reader is _unpacked]
        require_memory(sum(headers[name].size_bytes for name in loaded), "its arrays take")
        arrays = dict.fromkeys(members, np.array(0))
        for name, header in headers.items():
            arrays[name] = readers[name](found, members[name], header)
    return arrays


def _reader(info: zipfile.ZipInfo, header: _Header) -> _Reader:
    """How a member is read."""
    if header.size_bytes < KEPT_FROM_BYTES:
        return _unpacked
    if not info.compress_type:
        return _mapped
    return _kept if has_room(header.size_bytes) else _unpacked


def save(path: Path, x: Rows) -> None:
    """Write a .npy file as `np.save` does, of lazy rows part by part."""
    header = {"descr": np.lib.format.dtype_to_descr(x.dtype), "fortran_order": False}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {**header, "shape": x.shape})
        for part in parts(x):
            stream.write(np.ascontiguousarray(part).data)


def _member_header(found: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Header:
    require_method(info)
    with found.open(info) as stream:
        header = _header(stream)
    _require_size(header, info.file_size, info.filename)
    return header


def _header(stream: IO[bytes]) -> _Header:
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of .npy")
    form, short = np.lib.format, version == (1, 0)
    read = form.read_array_header_1_0 if short else form.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
    if len(shape) > _MOST_DIMENSIONS or any(size < 0 for size in shape):
        raise ValueError(f"an array of shape {str(shape)[:100]}")
    return _Header(shape, fortran, dtype, stream.tell())


def _require_size(header: _Header, size: int, name: str) -> None:
    """Refuse a file whose header declares another number of bytes than there are."""
    there = size - header.start
    if header.size_bytes != there:
        raise EOFError(
            f"{name} declares {bytes_text(header.size_bytes)} of numbers and holds "
            f"{bytes_text(there)}"
        )


def _unpacked(found: zipfile.ZipFile, info: zipfile.ZipInfo, header: _Header) -> Array:
    """Numbers of a packed member, in memory of just that size."""
    content = bytearray(header.size_bytes)
    view, done = memoryview(content), 0
    with found.open(info) as stream:
        stream.read(header.start)
        while done < len(content):
            piece = stream.read(min(_PIECE, len(content) - done))
            if not piece:
                raise EOFError(f"{info.filename} is cut short")
            view[done : done + len(piece)] = piece
            done += len(piece)
        if stream.read(1):  # at the end, zipfile holds the content against its checksum
            raise EOFError(f"{info.filename} is not as large as the archive says")
    return _array(header, content)


def _kept(found: zipfile.ZipFile, info: zipfile.ZipInfo, header: _Header) -> Array:
    """Numbers of a packed member, from the file that it was unpacked to by its content."""

    def unpack(target: IO[bytes]) -> None:
        with found.open(info) as stream:  # at the end it holds the content against its checksum
            shutil.copyfileobj(stream, target, 1 << 20)
        if target.tell() != header.start + header.size_bytes:
            raise EOFError(f"{info.filename} is not as large as the archive says")

    return mapped(kept(_digest(found, info), unpack))


def _digest(found: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """SHA-256 of a packed member, and of how it is packed."""
    file, start = _place(found, info)
    digest = hashlib.sha256(f"{info.compress_type} {info.file_size} ".encode())
    file.seek(start)
    left = info.compress_size
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest()


def mapped(path: Path) -> Array:
    """The array in a .npy file, of which memory holds what is looked at. Raises as `npy` does."""
    with opened(path) as stream:
        header = _header(stream)
        _require_size(header, stream.seek(0, io.SEEK_END), path.name)
        if not header.size_bytes:
            return _array(header, b"")
        whole = FileMap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
        return _array(header, memoryview(whole)[header.start :])


def _mapped(found: zipfile.ZipFile, info: zipfile.ZipInfo, header: _Header) -> Array:
    """Numbers of a member that is stored as it is: a private map of the file, once its checksum is
    right.
    """
    file, start = _place(found, info)
    _require_checksum(file, start, info)
    whole = FileMap(file.fileno(), start + info.file_size, access=mmap.ACCESS_COPY)
    return _array(header, memoryview(whole)[start + header.start :])


def _place(found: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[IO[bytes], int]:
    """The archive's file, and where in it a member's bytes begin."""
    file = found.fp
    if file is None:
        raise EOFError("it was closed meanwhile")
    file.seek(info.header_offset)
    *_, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    return file, info.header_offset + _LOCAL.size + name + extra


def _require_checksum(file: IO[bytes], start: int, info: zipfile.ZipInfo) -> None:
    file.seek(start)
    checksum, left = 0, info.file_size
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        checksum, left = zlib.crc32(piece, checksum), left - len(piece)
    if left or checksum != info.CRC:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")


def _array(header: _Header, content: Any) -> Array:
    if not header.size_bytes:
        return np.empty(header.shape, header.dtype)
    found = np.frombuffer(content, header.dtype, prod(header.shape))
    order: Any = "F" if header.fortran else "C"
    return found.reshape(header.shape, order=order)
