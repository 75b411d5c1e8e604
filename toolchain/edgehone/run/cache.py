"""Where stages look up what was done before, and keep files by their content."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from edgehone.documents import plain
from edgehone.system.files import key_of, sha256_of
from edgehone.system.fingerprints import with_code
from edgehone.values import Plain

Json = dict[str, Any]


class Cache(Protocol):
    """Values by the hash of all they depend on, and files by their SHA-256; `Store` is one."""

    def stage(
        self,
        name: str,
        inputs: Plain,
        make: Callable[[], Plain],
        *,
        version: int = 1,
        stale: Callable[[Json], bool] = ...,
    ) -> Json:
        """The value of a stage: looked up if it was made before from the same inputs, else made."""

    def add_file(self, path: Path) -> str:
        """Keep a copy of a file, with its suffix; its SHA-256 is its name from then on."""

    def path_of(self, sha256: str) -> Path:
        """A kept file; not to be written to."""


class MemoryCache:
    """A cache of one command: values in memory, files in a folder that goes with the command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._values: dict[str, Json] = {}
        self._files: dict[str, Path] = {}

    def stage(
        self,
        name: str,
        inputs: Plain,
        make: Callable[[], Plain],
        *,
        version: int = 1,
        stale: Callable[[Json], bool] = lambda _: False,
    ) -> Json:
        """See `Cache.stage`."""
        key = key_of([name, version, plain(with_code(inputs))])
        if key not in self._values or stale(self._values[key]):
            self._values[key] = plain(make())
        return dict(self._values[key])

    def add_file(self, path: Path) -> str:
        """See `Cache.add_file`."""
        sha256 = sha256_of(path)
        if sha256 not in self._files:
            kept = self._folder / f"{sha256}{path.suffix}"
            self._folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)
            self._files[sha256] = kept
        return sha256

    def path_of(self, sha256: str) -> Path:
        """See `Cache.path_of`."""
        return self._files[sha256]
