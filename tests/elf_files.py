"""Shared libraries with nothing in them but headers."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

MACHINES = {"arm64-v8a": (2, 183), "armeabi-v7a": (1, 40), "x86_64": (2, 62), "x86": (1, 3)}


def library(abi: str, *, align: int = 16384, offset: int = 0, address: int = 0) -> bytes:
    """A library of one segment that is loaded, and one that is not and lies anywhere."""
    bits, machine = MACHINES[abi]
    wide = bits == 2
    head, size = (64, 56) if wide else (52, 32)
    begin = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9)
    if wide:
        rest = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, head, 0, 0, head, size, 2, 0, 0, 0)
        loaded = struct.pack("<IIQQQQQQ", 1, 5, offset, address, address, 64, 64, align)
        noted = struct.pack("<IIQQQQQQ", 4, 4, 3, 5, 5, 64, 64, 4)
    else:
        rest = struct.pack("<HHIIIIIHHHHHH", 3, machine, 1, 0, head, 0, 0, head, size, 2, 0, 0, 0)
        loaded = struct.pack("<IIIIIIII", 1, offset, address, address, 64, 64, 5, align)
        noted = struct.pack("<IIIIIIII", 4, 3, 5, 5, 64, 64, 4, 4)
    return begin + rest + noted + loaded + bytes(64)


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    """An .aar or .apk with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as found:
        found.writestr("AndroidManifest.xml", "<manifest/>")
        for name, content in members.items():
            found.writestr(name, content)
    return path
