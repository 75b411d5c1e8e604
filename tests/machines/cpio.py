"""Archives in the format that the Linux kernel unpacks as its first file system (newc)."""

import gzip
import stat
from collections.abc import Mapping
from pathlib import Path

FOLDER = stat.S_IFDIR | 0o755
PROGRAM = stat.S_IFREG | 0o755


def write(archive: Path, files: Mapping[str, bytes], folders: tuple[str, ...] = ()) -> None:
    """A compressed archive of executable files by their paths, after the folders they are in."""
    entries = [(name, FOLDER, b"") for name in folders]
    entries += [(name, PROGRAM, content) for name, content in files.items()]
    with gzip.open(archive, "wb", compresslevel=1) as out:
        for number, (name, mode, content) in enumerate(entries, start=1):
            out.write(_entry(number, name, mode, content))
        out.write(_entry(0, "TRAILER!!!", 0, b""))


def _entry(number: int, name: str, mode: int, content: bytes) -> bytes:
    """Header fields as the kernel's buffer-format.rst lists them, eight hexadecimal digits each."""
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return _padded(header + name.encode() + b"\0") + _padded(content)


def _padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % 4)
