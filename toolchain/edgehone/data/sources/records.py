"""Records of a TFRecord file, each held against its checksums.

The layout is that of `tensorflow/core/lib/io/record_writer.h`: length uint64, its masked CRC-32C,
the content, and the masked CRC-32C of that; little-endian throughout.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import IO, cast

import numpy as np

from edgehone.data.sources._base import Array
from edgehone.errors import DataError
from edgehone.system.bounds import GIB, MEMORY_SHARE, MIB, bytes_text
from edgehone.system.files import opened, reading
from edgehone.system.memory import free_memory

_HEAD = struct.Struct("<QI")
_FOOT = struct.Struct("<I")
_POLYNOMIAL = 0x82F63B78
"""Of CRC-32C (Castagnoli), reflected."""
_MASK = 0xA282EAD8
_TOGETHER_BYTES, _TOGETHER = 8 * MIB, 1024
"""Records are checked together, up to so many bytes or records."""
_GZIP = b"\x1f\x8b"


def records(file: Path) -> Iterator[bytes]:
    """The content of each record, in order; packed files are unpacked.

    Raises DataError for what is no such file, or damaged, and for a record that takes too much
    memory.
    """
    with reading(file), opened(file) as stream:
        packed = stream.read(2) == _GZIP
        stream.seek(0)
        source = cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if packed else stream
        try:
            for batch in _batches(source, file):
                yield from batch
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _damaged(file, "it is cut short, or packed wrongly") from error


def _batches(stream: IO[bytes], file: Path) -> Iterator[list[bytes]]:
    most = int(min(GIB, MEMORY_SHARE * free_memory()))
    batch: list[bytes] = []
    sums: list[int] = []
    size = 0
    while head := stream.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise _damaged(file, "it is cut short")
        length, checksum = _HEAD.unpack(head)
        if masked_crc32c([head[:8]])[0] != checksum:
            raise _damaged(file, "it is not a TFRecord file, or a length in it is damaged")
        if length > most:
            raise DataError(
                f"A record of {file} takes {bytes_text(length)}, and {bytes_text(most)} of memory "
                "are used at most.",
                "Write smaller records.",
            )
        content, foot = stream.read(length), stream.read(_FOOT.size)
        if len(content) < length or len(foot) < _FOOT.size:
            raise _damaged(file, "it is cut short")
        batch.append(content)
        sums.append(_FOOT.unpack(foot)[0])
        size += length
        if size > _TOGETHER_BYTES or len(batch) == _TOGETHER:
            yield _checked(batch, sums, file)
            batch, sums, size = [], [], 0
    yield _checked(batch, sums, file)


def _checked(batch: list[bytes], sums: list[int], file: Path) -> list[bytes]:
    if batch and (masked_crc32c(batch) != np.array(sums, np.uint32)).any():
        raise _damaged(file, "the checksum of a record is wrong")
    return batch


def masked_crc32c(contents: Sequence[bytes]) -> Array:
    """CRC-32C of each, rotated and shifted as TFRecord files have it: (n,) uint32.

    All are worked on at once, a byte of each in a step; shorter ones begin later.
    """
    table = _table()
    lengths = np.array([len(each) for each in contents])
    longest = int(lengths.max(initial=0))
    rows = np.zeros((longest, len(contents)), np.uint8)
    for number, each in enumerate(contents):
        rows[longest - len(each) :, number] = np.frombuffer(each, np.uint8)
    crc = np.zeros(len(contents), np.uint32)
    starts = longest - lengths
    begins = set(starts.tolist())
    for step, row in enumerate(rows):
        if step in begins:
            crc[starts == step] = 0xFFFFFFFF
        crc = table[(crc ^ row) & 0xFF] ^ (crc >> np.uint32(8))
    crc[lengths == 0] = 0xFFFFFFFF
    crc = ~crc
    return np.asarray(((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(_MASK))


@cache
def _table() -> Array:
    """The CRC-32C of every byte: (256,) uint32."""
    found = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        found = np.where(found & 1, (found >> 1) ^ np.uint32(_POLYNOMIAL), found >> 1)
    return found.astype(np.uint32)


def _damaged(file: Path, why: str) -> DataError:
    return DataError(f"{file} cannot be read: {why}.", "Copy or write it again.")
