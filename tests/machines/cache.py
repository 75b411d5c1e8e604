"""Where what is slow to build is kept: built once, whole or not at all, by what it is made of."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgehone-tests"
"""Read once, before any test gives itself another environment."""

UNUSED_S = 30 * 86400
"""What nobody has asked for so long is thrown away when something else is built."""


def built(name: str, made_of: tuple[str | Path, ...], build: Callable[[Path], None]) -> Path:
    """The folder that `build` fills, from the cache or built now; never to be written to.

    made_of: texts, and files by their content, that a new build must follow from. Two processes
    that ask at the same time get the same one. What `build` raises, leaves nothing behind.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    place = FOLDER / f"{name}-{_key(made_of)}"
    with _locked(FOLDER / f"{name}.lock"):
        if not place.is_dir():
            _forget_unused()
            scratch = Path(tempfile.mkdtemp(dir=FOLDER, prefix=f".{name}-"))
            try:
                scratch.chmod(0o755)
                build(scratch)
                scratch.rename(place)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        os.utime(place)
    return place


def _key(made_of: tuple[str | Path, ...]) -> str:
    parts = [part if isinstance(part, str) else part.read_text() for part in made_of]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _forget_unused() -> None:
    for place in FOLDER.glob("[!.]*-*"):
        if place.is_dir() and time.time() - place.stat().st_mtime > UNUSED_S:
            shutil.rmtree(place, ignore_errors=True)
