"""Reads a bundle forward, once, and refuses every byte that `writing` would not have put there."""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgehone.errors import VerificationError
from edgehone.release import layout, names
from edgehone.release.layout import LOCAL, Member
from edgehone.release.manifest import NAME, DamagedError, Entry, Manifest
from edgehone.system.bounds import (
    BUNDLE_BYTES,
    DESCRIPTION_BYTES,
    NAME_CHARACTERS,
    bytes_text,
)
from edgehone.system.files import opened, reading

_PIECE = 1 << 20
_ENCRYPTED = 1


@dataclass(frozen=True)
class Bundle:
    """A bundle of which every byte is as its manifest says. sha256: of the whole file; starts:
    where each file's content begins.
    """

    path: Path
    sha256: str
    size_bytes: int
    manifest: Manifest
    starts: tuple[int, ...]


class _Forward:
    """A file read from its begin to its end, with the SHA-256 of all that was read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.place = 0

    def some(self, count: int) -> bytes:
        """So many bytes, or fewer where the file ends."""
        found = self._stream.read(count)
        self.digest.update(found)
        self.place += len(found)
        return found

    def exactly(self, count: int, what: str) -> bytes:
        found = self.some(count)
        if len(found) != count:
            raise DamagedError(f"it ends within {what}")
        return found


def read(path: Path) -> Bundle:
    """Verify a bundle's integrity; what it holds.

    Raises VerificationError unless every byte is where `layout` has it and every file has the
    SHA-256 of the manifest; no more than `_PIECE` bytes of content are held at once.
    """
    try:
        with _streamed(path) as stream:
            return _read(path, stream)
    except DamagedError as error:
        raise VerificationError(
            f"{path} was changed or damaged: {error}.",
            "Do not use it; get it again from where it was released.",
        ) from error


def _read(path: Path, stream: BinaryIO) -> Bundle:
    forward = _Forward(stream)
    first = _member(forward, NAME)
    manifest = Manifest.read(_manifest_bytes(forward, first), str(path))
    members, starts = [first], list[int]()
    for entry in manifest.files:
        member = _member(forward, entry.path)
        starts.append(forward.place)
        _require_content(forward, member, entry)
        members.append(member)
    _require_directory(forward, members)
    return Bundle(path, forward.digest.hexdigest(), forward.place, manifest, tuple(starts))


@contextmanager
def _streamed(path: Path) -> Iterator[BinaryIO]:
    if not path.exists():
        raise VerificationError(f"File not found: {path}.", "Check the path.")
    with reading(path), opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > BUNDLE_BYTES:
            raise VerificationError(
                f"{path} has {bytes_text(size)}, more than a bundle may have "
                f"({bytes_text(BUNDLE_BYTES)}).",
                "Check that it is the file you mean.",
            )
        yield stream


def _member(forward: _Forward, expected: str) -> Member:
    """The next member, which must be the expected one and as `layout` writes it."""
    fixed = forward.some(LOCAL.size)
    if len(fixed) < LOCAL.size or not fixed.startswith(layout.LOCAL_MARK):
        raise _no_member(fixed, expected)
    fields = LOCAL.unpack(fixed)
    crc32, size, name_bytes = fields[6], fields[8], fields[9]
    if name_bytes > 4 * NAME_CHARACTERS:
        raise DamagedError("it has a member whose name is too long")
    raw = forward.exactly(name_bytes, "a name")
    name = raw.decode(errors="replace")
    if wrong := _member_fault(fields, name, expected):
        raise DamagedError(wrong)
    member = Member(expected, size, crc32)
    if layout.local_header(member) != fixed + raw:
        raise DamagedError(f"the header of {expected!r} is not as edgehone writes it")
    return member


def _no_member(fixed: bytes, expected: str) -> DamagedError:
    if expected == NAME:
        return DamagedError(f"it does not begin with {NAME}, as every bundle does")
    if fixed.startswith((layout.CENTRAL_MARK, layout.END_MARK)):
        return DamagedError(f"{expected!r} is missing")
    return DamagedError(f"there are bytes of no file where {expected!r} should begin")


def _member_fault(fields: tuple[int, ...], name: str, expected: str) -> str:
    """What a header says that no bundle's says, in the words for it; "": nothing known."""
    flags, method, packed, size, extra = fields[2], fields[3], fields[7], fields[8], fields[10]
    if name != expected:
        if fault := names.fault(name):
            return f"it has a member {name[:80]!r}, which {fault}"
        return f"it has {name[:80]!r} where the manifest has {expected!r}"
    if flags & _ENCRYPTED:
        return f"{name!r} is encrypted"
    if method != 0:
        return f"{name!r} is compressed, and files of bundles are stored as they are"
    if extra:
        return f"{name!r} has extra fields"
    if packed != size:
        return f"{name!r} says two sizes"
    return ""


def _manifest_bytes(forward: _Forward, member: Member) -> bytes:
    if member.size > DESCRIPTION_BYTES:
        raise DamagedError(f"its {NAME} has {bytes_text(member.size)}")
    content = forward.exactly(member.size, NAME)
    if zlib.crc32(content) != member.crc32:
        raise DamagedError(f"the content of {NAME} is not what its CRC-32 says")
    return content


def _require_content(forward: _Forward, member: Member, entry: Entry) -> None:
    if member.size != entry.size_bytes:
        raise DamagedError(
            f"{entry.path!r} has {member.size:,} bytes, and the manifest says {entry.size_bytes:,}"
        )
    digest, crc32, left = hashlib.sha256(), 0, member.size
    while left:
        piece = forward.exactly(min(left, _PIECE), repr(entry.path))
        digest.update(piece)
        crc32, left = zlib.crc32(piece, crc32), left - len(piece)
    if digest.hexdigest() != entry.sha256:
        raise DamagedError(f"the content of {entry.path!r} has not the SHA-256 of the manifest")
    if crc32 != member.crc32:
        raise DamagedError(f"the CRC-32 of {entry.path!r} is not that of its content")


def _require_directory(forward: _Forward, members: list[Member]) -> None:
    expected = layout.directory(members)
    found = forward.some(len(expected) + 1)
    if found == expected:
        return
    if found.startswith(layout.LOCAL_MARK):
        raise DamagedError(f"it has a file that the manifest does not name: {_next_name(found)!r}")
    if found.startswith(expected):
        raise DamagedError("bytes follow its end")
    if not found.startswith(layout.CENTRAL_MARK):
        raise DamagedError("there are bytes of no file before its directory")
    raise DamagedError("its directory says something else than the files' own headers")


def _next_name(found: bytes) -> str:
    try:
        length = LOCAL.unpack_from(found)[9]
    except struct.error:
        return "?"
    return found[LOCAL.size : LOCAL.size + min(length, 80)].decode(errors="replace")
