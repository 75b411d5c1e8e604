"""Temporary folders that show whether their owner lives; what a killed one left is swept."""

import fcntl
import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "edgehone-"
OWNER = ".owner"
"""The file in a temporary folder that its owner keeps locked; the lock goes with the process."""

SHARED = Path("/tmp")  # noqa: S108 # what is made there is private
"""Where folders lie whose path must be short, whatever TMPDIR says."""


class Folder:
    """A new private folder in `parent`, marked as this process's until it is removed.

    It is removed at the latest when nothing refers to it any more, or when Python ends.
    """

    def __init__(self, parent: Path, prefix: str = PREFIX) -> None:
        self.path = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        try:
            mark = claimed(self.path)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise
        self._end = weakref.finalize(self, _remove, self.path, mark)

    def remove(self) -> None:
        """Take the folder away; a second time does nothing."""
        self._end()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()


def claimed(folder: Path) -> int:
    """Mark a folder as this process's; the file descriptor whose closing gives it up.

    The mark is locked before it has its name: no moment shows an unlocked one.
    """
    file, name = tempfile.mkstemp(dir=folder, prefix=f"{OWNER}-")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(file, f"edgehone, process {os.getpid()}\n".encode())
        Path(name).replace(folder / OWNER)
    except BaseException:
        os.close(file)
        raise
    return file


def owner_of(folder: Path) -> str | None:
    """Who owns a marked folder and lives: "process 1234"; "" when its owner is gone, None when it
    has no mark of this user's.
    """
    mark = _mark(folder)
    if mark is None:
        return None
    try:
        fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        said = os.pread(mark, 100, 0).decode(errors="replace").strip()
        return said.removeprefix("edgehone, ") or "another process"
    finally:
        os.close(mark)
    return ""


def sweep(parent: Path, prefix: str = PREFIX) -> None:
    """Remove the folders of dead owners: this user's, marked, and locked by nobody.

    Another user's, a living process's, and what has no mark stay as they are.
    """
    name = re.compile(rf"{re.escape(prefix)}[a-z0-9_]{{8}}")
    with suppress(OSError):
        for found in os.scandir(parent):
            if name.fullmatch(found.name):
                remove_dead(Path(found.path))


def remove_dead(folder: Path) -> bool:
    """Remove a folder whose owner is gone; whether that was so."""
    mark = _mark(folder)
    if mark is None:
        return False
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one sweeper is enough
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False
    finally:
        os.close(mark)
    return True


@contextmanager
def opened() -> Iterator[Folder | None]:
    """One folder for all that this process and its libraries leave in temporary folders meanwhile.

    What earlier processes left is swept first. `tempfile` is put back as it was. Where no folder
    can be made (a full disk) it is None, and whoever needs one says so.
    """
    parent, before = outer(), tempfile.tempdir
    for place in {parent, SHARED}:
        sweep(place)
    try:
        folder = Folder(parent)
    except OSError:
        yield None
        return
    with folder as path:
        tempfile.tempdir = str(path)
        try:
            yield folder
        finally:
            tempfile.tempdir = before


def outer() -> Path:
    """Where temporary folders lie that outlive a command's own."""
    here = Path(tempfile.gettempdir())
    return here.parent if (here / OWNER).is_file() else here


def _mark(folder: Path) -> int | None:
    """The owner's mark, opened; None where there is none, or anything about it is another's."""
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
            return None
        mark = os.open(folder / OWNER, os.O_RDONLY | flags)
    except OSError:
        return None
    facts = os.fstat(mark)
    if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid():
        return mark
    os.close(mark)
    return None


def _remove(folder: Path, mark: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(mark)
