"""Shared libraries of ELF systems: which processor they are for, and how their segments lie."""

import struct
from dataclasses import dataclass

from edgehone.errors import UsageError

PAGE = 16384
"""Bytes of a memory page that Android 15 and newer may use; Google Play asks for it."""

_ABIS = {
    (2, 183): "arm64-v8a",
    (1, 40): "armeabi-v7a",
    (2, 62): "x86_64",
    (1, 3): "x86",
    (2, 243): "riscv64",
}
_LOAD = 1
_MOST_SEGMENTS = 1024


@dataclass(frozen=True)
class Library:
    """abi: as Android names it. unaligned: why it does not fit pages of 16 KiB; "": it does."""

    abi: str
    unaligned: str


def library(content: bytes, name: str) -> Library:
    """What a shared library says of itself. Raises UsageError for what is none."""
    try:
        return _read(content)
    except (struct.error, IndexError, ValueError) as error:
        raise UsageError(
            f"{name} is not a shared library of an ELF system.",
            "Give .so files, or the .aar or .apk that holds them.",
        ) from error


def _read(content: bytes) -> Library:
    if content[:4] != b"\x7fELF" or content[5] not in (1, 2):
        raise ValueError("no ELF")
    bits, order = content[4], "<" if content[5] == 1 else ">"
    kind, machine = struct.unpack_from(order + "HH", content, 16)
    if kind != 3:
        raise ValueError("not shared")
    abi = _ABIS.get((bits, machine), f"machine-{machine}")
    if bits == 2:
        (start,) = struct.unpack_from(order + "Q", content, 32)
        size, count = struct.unpack_from(order + "HH", content, 54)
    else:
        (start,) = struct.unpack_from(order + "I", content, 28)
        size, count = struct.unpack_from(order + "HH", content, 42)
    if not 0 < count <= _MOST_SEGMENTS:
        raise ValueError("no segments")
    for index in range(count):
        reason = _unaligned(content, start + index * size, bits, order)
        if reason:
            return Library(abi, reason)
    return Library(abi, "")


def _unaligned(content: bytes, place: int, bits: int, order: str) -> str:
    """Why a segment does not fit pages of 16 KiB; "" where it does, or is not loaded."""
    if bits == 2:
        kind, _, offset, address, _, _, _, align = struct.unpack_from(
            order + "IIQQQQQQ", content, place
        )
    else:
        kind, offset, address, _, _, _, _, align = struct.unpack_from(
            order + "IIIIIIII", content, place
        )
    if kind != _LOAD:
        return ""
    if align < PAGE:
        return f"a segment is aligned to {align:,} bytes"
    if (offset - address) % PAGE:
        return f"a segment at {offset:,} of the file belongs at {address:,} of a page"
    return ""
