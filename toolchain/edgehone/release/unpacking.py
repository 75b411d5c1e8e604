"""Files out of a bundle that was verified, each checked again on its way."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from edgehone.errors import VerificationError
from edgehone.release.manifest import Entry
from edgehone.release.reading import Bundle
from edgehone.system.files import opened, reading, whole_file

_PIECE = 1 << 20


def content_of(bundle: Bundle, entry: Entry, most: int) -> bytes:
    """The content of a small file. Raises VerificationError when it has more than `most` bytes, or
    is no longer what was verified.
    """
    if entry.size_bytes > most:
        raise VerificationError(
            f"{entry.path} in {bundle.path} has {entry.size_bytes:,} bytes, more than is read of "
            f"such a file ({most:,}).",
            "Get the bundle again from where it was released.",
        )
    return b"".join(_pieces(bundle, entry))


def unpack(bundle: Bundle, entry: Entry, destination: Path) -> None:
    """Write a file of a bundle, whole or not at all. Raises VerificationError, StorageError."""
    with whole_file(destination) as temporary, temporary.open("wb") as stream:
        for piece in _pieces(bundle, entry):
            stream.write(piece)


def _pieces(bundle: Bundle, entry: Entry) -> Iterator[bytes]:
    digest, left = hashlib.sha256(), entry.size_bytes
    start = bundle.starts[bundle.manifest.files.index(entry)]
    with reading(bundle.path), opened(bundle.path) as stream:
        stream.seek(start)
        while piece := stream.read(min(left, _PIECE)):
            digest.update(piece)
            left -= len(piece)
            yield piece
    if left or digest.hexdigest() != entry.sha256:
        raise VerificationError(
            f"{bundle.path} changed while it was read.",
            "Let nothing else write to it and run the same command again.",
        )
