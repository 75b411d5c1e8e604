"""Folders written whole or not at all."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from edgehone.errors import UsageError
from edgehone.system import interruption, unfinished
from edgehone.system.files import require_writable, writing


def require_empty(folder: Path) -> None:
    """Refuse a folder that has anything in it, or cannot be made: UsageError, StorageError."""
    require_writable(folder)
    with writing(folder):
        used = folder.is_dir() and any(folder.iterdir())
    if used:
        raise UsageError(
            f"{folder} is not empty.", "Give a new folder, or remove what is in this one."
        )


@contextmanager
def whole_folder(folder: Path, *, last: bool = False) -> Iterator[Path]:
    """A new folder beside `folder` that takes its place when the block ends without error.

    `folder` must be empty or not there. last: as of `files.whole_file`.
    """
    require_empty(folder)
    temporary = folder.absolute().parent / unfinished.name_for(folder.name, "")
    with writing(folder):
        temporary.mkdir(parents=True)
    try:
        yield temporary
        done = interruption.delivery(folder, last=True) if last else nullcontext()
        with writing(folder), done:
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files by relative path into a new folder."""
    with writing(folder):
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
