"""Writes a bundle: the same files are the same bytes, wherever and whenever they are packed."""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgehone.errors import StorageError, UsageError
from edgehone.release import layout, names
from edgehone.release.layout import Member
from edgehone.release.manifest import NAME, Entry, Manifest
from edgehone.system.bounds import BUNDLE_BYTES, BUNDLE_FILES, bytes_text
from edgehone.system.files import opened, reading, whole_file

Content = bytes | Path

_PIECE = 1 << 20


@dataclass(frozen=True)
class Part:
    """What goes into a bundle as one file: what it is for, and its content or where that is."""

    role: str
    content: Content


@dataclass(frozen=True)
class _Weighed:
    member: Member
    sha256: str


def write(path: Path, about: Manifest, parts: Mapping[str, Part]) -> Manifest:
    """Write a bundle whole or not at all; the manifest it has, which is `about` with these files.

    parts: by their path in the bundle; they are written in the order of these paths. Raises
    UsageError when they are too much for one bundle, StorageError.
    """
    _require_room(len(parts) + 1, sum(_size(part.content) for part in parts.values()))
    weighed = {name: _weighed(name, parts[name].content) for name in sorted(parts)}
    entries = tuple(
        Entry(name, parts[name].role, each.sha256, each.member.size)
        for name, each in weighed.items()
    )
    manifest = Manifest(
        about.title, about.made_by, entries, about.run, about.created, about.decision
    )
    first = _weighed(NAME, manifest.text())
    members = [first.member, *(each.member for each in weighed.values())]
    _require_room(len(members), layout.size_of(members))
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        _put(stream, first, manifest.text())
        for name, each in weighed.items():
            _put(stream, each, parts[name].content)
        stream.write(layout.directory(members))
    return manifest


def _weighed(name: str, content: Content) -> _Weighed:
    fault = names.fault(name)
    assert not fault, f"{name!r} {fault}"  # noqa: S101 - paths in a bundle are chosen by us
    digest, crc32, size = hashlib.sha256(), 0, 0
    for piece in _pieces(content):
        digest.update(piece)
        crc32, size = zlib.crc32(piece, crc32), size + len(piece)
    return _Weighed(Member(name, size, crc32), digest.hexdigest())


def _size(content: Content) -> int:
    if isinstance(content, bytes):
        return len(content)
    with reading(content):
        return content.stat().st_size


def _require_room(count: int, size: int) -> None:
    if size > BUNDLE_BYTES or count > BUNDLE_FILES:
        raise UsageError(
            f"The bundle would hold {count} files and {bytes_text(size)}; it may hold "
            f"{BUNDLE_FILES} files and {bytes_text(BUNDLE_BYTES)}.",
            "Bundle fewer files at once.",
        )


def _put(stream: BinaryIO, weighed: _Weighed, content: Content) -> None:
    stream.write(layout.local_header(weighed.member))
    digest, left = hashlib.sha256(), weighed.member.size
    for piece in _pieces(content):
        digest.update(piece)
        stream.write(piece)
        left -= len(piece)
        if left < 0:
            break
    if left or digest.hexdigest() != weighed.sha256:
        raise StorageError(
            f"{weighed.member.name} changed while it was bundled.",
            "Let nothing else write to it and run the same command again.",
        )


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with reading(content), opened(content) as stream:
        while piece := stream.read(_PIECE):
            yield piece
