"""Files written whole or not at all, and addressed by their content."""

import hashlib
import json
import os
import re
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from errno import EACCES, EDQUOT, EFBIG, EISDIR, ENOSPC, ENOTDIR
from pathlib import Path
from typing import Any, BinaryIO

from edgehone.errors import EdgehoneError, StorageError
from edgehone.system import interruption, unfinished
from edgehone.system.bounds import bytes_text

FULL = (ENOSPC, EDQUOT, EFBIG)
"""What the system calls a disk, a quota or a file that is full."""

_FULL_WORDS = re.compile(
    r"No space left on device|Disk quota exceeded|File too large|errno = (?:28|122|27)\b"
    r"|\d+ requested and \d+ written"
)
"""The same as libraries pass it on; the last is NumPy's, which does not ask the system why."""

FREE_SPACE = "The disk is full; free some space and run the same command again."


def says_full(error: BaseException) -> bool:
    """Whether an error, or one that it came of, is about a disk, a quota or a file being full."""
    seen: BaseException | None = error
    for _ in range(10):  # a chain may have no end
        if seen is None:
            return False
        if getattr(seen, "errno", None) in FULL or _FULL_WORDS.search(str(seen)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits; of a folder, of its files' names and
    contents.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        with reading(path):
            inside = sorted(child for child in path.rglob("*") if child.is_file())
        for child in inside:
            digest.update(f"{child.relative_to(path).as_posix()} {sha256_of(child)}\n".encode())
        return digest.hexdigest()
    with reading(path), opened(path) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def opened(path: Path) -> BinaryIO:
    """A file open for reading. Raises StorageError for what is none, such as a pipe or a device,
    which could be waited for in vain or never end, and OSError for what cannot be opened.
    """
    _require_regular(path, path.stat().st_mode)
    stream = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 # Path has no opener
    try:
        _require_regular(path, os.fstat(stream.fileno()).st_mode)  # another may be in its place
    except BaseException:
        stream.close()
        raise
    return stream


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that took its place is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def content(path: Path, most: int, refusal: type[EdgehoneError] = StorageError) -> bytes:
    """A file's bytes. Raises `refusal` when they are more than `most`, StorageError when it cannot
    be read.
    """
    with reading(path), opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        found = b"" if size > most else stream.read(most + 1)
    if max(size, len(found)) > most:
        text = bytes_text(max(size, len(found)))
        message = f"{path} has {text}, more than is read of such a file ({bytes_text(most)})."
        raise refusal(message, "Check that it is the file you mean.")
    return found


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        kind = kinds.get(stat.S_IFMT(mode), "a device")
        raise StorageError(f"{path} is {kind}, not a file.", "Give a file; copy it into one first.")


def compressed_size(path: Path) -> int:
    """Bytes the file takes after DEFLATE at level 9, as in an application package."""
    packer, size = zlib.compressobj(9), 0
    with reading(path), opened(path) as stream:
        while chunk := stream.read(1 << 20):
            size += len(packer.compress(chunk))
    return size + len(packer.flush())


def append(path: Path, text: str) -> None:
    """Add text to the end of a file, which is made if there is none; all of it or none. Raises
    StorageError.
    """
    before = ""
    if path.exists():
        with reading(path):
            before = path.read_text(encoding="utf-8", errors="replace")
    write_whole(path, before + (text if text.endswith("\n") else f"{text}\n"))


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces; what hashes and cache keys are made of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def key_of(value: Any) -> str:
    """SHA-256 of a plain value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@contextmanager
def whole_file(path: Path, *, last: bool = False) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without error.

    What killed processes left beside it goes. last: with it a command has done what it was asked
    (`interruption.delivery`).
    """
    temporary = path.parent / unfinished.name_for(path.name, path.suffix)
    try:
        if path.exists() and not path.is_dir():
            _require_regular(path, path.stat().st_mode)  # it would be replaced: /dev/null, say
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.sweep(path.parent)
        temporary.open("xb").close()  # made with the user's permissions, not a private file's
    except OSError as error:
        raise _storage_error("write", path, error) from error
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        with interruption.delivery(path, last=True) if last else nullcontext():
            temporary.replace(path)
    except OSError as error:
        raise _storage_error("write", path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str, *, last: bool = False) -> None:
    """Write `content` to `path`; an interrupted write leaves the old file or none. last: as of
    `whole_file`.
    """
    with whole_file(path, last=last) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def copy_whole(source: Path, destination: Path) -> None:
    """Copy a file; an interrupted copy leaves the old file or none."""
    with (
        reading(source),
        opened(source) as stream,
        whole_file(destination) as temporary,
        temporary.open("wb") as copy,
    ):
        shutil.copyfileobj(stream, copy, 1 << 20)


def require_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to, before work is done for it."""
    with writing(folder):
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not place.is_dir():
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about reading `path` into StorageError."""
    try:
        yield
    except OSError as error:
        raise _storage_error("read", path, error) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about writing `path` into StorageError."""
    try:
        yield
    except OSError as error:
        raise _storage_error("write", path, error) from error


def _storage_error(verb: str, path: Path, error: OSError) -> StorageError:
    hint = "Check that the path exists and that you may use it."
    reason = error.strerror or " ".join(str(error).split())
    if says_full(error):
        hint, reason = FREE_SPACE, error.strerror or os.strerror(ENOSPC)
    return StorageError(f"Cannot {verb} {path}: {reason}.", hint)
