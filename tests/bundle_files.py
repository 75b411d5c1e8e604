"""Small bundles, and what can be done to their bytes."""

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgehone.release.manifest import Manifest
from edgehone.release.writing import Part, write

ABOUT = Manifest("m", "1.2.3", (), "20261123-221501-ab12", "2026-11-23T22:15:01+00:00", "pass")
PARTS = {
    "artifacts/m.tflite": Part("artifact", bytes(range(256)) * 2),
    "MODEL_CARD.md": Part("card", b"# m\n"),
    "evidence.json": Part("evidence", b"{}\n"),
    "licences/empty": Part("licence", b""),
}


def small(path: Path) -> Path:
    """A bundle of four files."""
    write(path, ABOUT, PARTS)
    return path


def with_parts(path: Path, contents: Mapping[str, bytes]) -> Path:
    """A bundle of these files."""
    write(path, ABOUT, {name: Part("evidence", content) for name, content in contents.items()})
    return path


def zipped(path: Path, members: Sequence[tuple[zipfile.ZipInfo, bytes]]) -> Path:
    """An archive of these members: of Python's zipfile, with the version and flags of a bundle."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for info, content in members:
            archive.writestr(info, content)
    with zipfile.ZipFile(path) as archive:
        places = [found.header_offset for found in archive.infolist()]
    whole = bytearray(path.read_bytes())
    for place in places:
        whole[place + 4 : place + 8] = struct.pack("<2H", 10, 0x800)
    path.write_bytes(whole)
    return path


def members_of(path: Path) -> list[tuple[zipfile.ZipInfo, bytes]]:
    """The members of an archive."""
    with zipfile.ZipFile(path) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def info(name: str, *, mode: int = 0o100644, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """A member's facts as bundles have them."""
    found = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    found.external_attr, found.create_system, found.compress_type = mode << 16, 3, method
    return found


def bomb(path: Path) -> Path:
    """An archive of which one member unpacks to a thousand times its size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(32 << 20))
    return path


def with_member(path: Path, name: str, content: bytes) -> Path:
    """The bundle with one member more at its end, both headers as bundles have them."""
    found = path.read_bytes()
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2LH", found[-22:])
    facts = (10, 0x800, 0, 0, 0x21, zlib.crc32(content), len(content), len(content))
    raw = name.encode()
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *facts, len(raw), 0) + raw + content
    central = struct.pack(
        "<4s6H3L5H2L",
        b"PK\x01\x02",
        3 << 8 | 10,
        *facts,
        len(raw),
        0,
        0,
        0,
        0,
        0o100644 << 16,
        start,
    )
    directory = found[start : start + size] + central + raw
    at = start + len(local)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, len(directory), at, 0)
    path.write_bytes(found[:start] + local + directory + end)
    return path


def listing(content: bytes) -> list[str]:
    """The names in an archive, as Python's zipfile finds them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()
