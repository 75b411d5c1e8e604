"""Files addressed by the SHA-256 of their content: `objects/ab/<sha256><suffix>`."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehone.errors import StorageError
from edgehone.system.files import reading, sha256_of, whole_file

REFERENCE = "object"
"""The key under which a plain value names a file: {"object": sha256}."""


class Objects:
    """A folder of files that never change. A file whose content no longer is what its name says
    counts as missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._verified: dict[Path, tuple[int, int]] = {}

    def add(self, path: Path) -> str:
        """Copy a file in, whole or not at all, and return its SHA-256; its suffix is kept."""
        sha256 = sha256_of(path)
        kept = self._find(sha256)
        if kept is not None and self._intact(kept, sha256):
            return sha256
        destination = kept or self._folder / sha256[:2] / f"{sha256}{path.suffix}"
        with whole_file(destination) as temporary:
            shutil.copyfile(path, temporary)
            if sha256_of(temporary) != sha256:
                raise StorageError(
                    f"{path} changed while it was being stored.",
                    "Let nothing else write to it and run the same command again.",
                )
        return sha256

    def path_of(self, sha256: str) -> Path:
        """Where the file is; it must not be written to. Raises StorageError when it is not
        there or damaged.
        """
        found = self._find(sha256)
        if found is None or not self._intact(found, sha256):
            state = "missing" if found is None else "damaged"
            raise StorageError(
                f"Stored file {sha256[:12]}… is {state} in {self._folder}.",
                "Run the same command again; the stage that made the file then runs again.",
            )
        return found

    def has_all(self, value: Any) -> bool:
        """Whether every file that a plain value refers to is there and intact."""
        for sha256 in references(value):
            found = self._find(sha256)
            if found is None or not self._intact(found, sha256):
                return False
        return True

    def _find(self, sha256: str) -> Path | None:
        folder = self._folder / sha256[:2]
        return next(iter(sorted(folder.glob(f"{sha256}*"))), None)

    def _intact(self, path: Path, sha256: str) -> bool:
        """Whether the content is what the name says; read once, as long as the file is the same."""
        with reading(path):
            status = path.stat()
        state = (status.st_mtime_ns, status.st_size)
        if self._verified.get(path) == state:
            return True
        if sha256_of(path) != sha256:
            return False
        self._verified[path] = state
        return True


def references(value: Any) -> Iterator[str]:
    """The hashes of all files that a plain value refers to, however deep."""
    if isinstance(value, dict):
        sha256 = value.get(REFERENCE)
        if isinstance(sha256, str):
            yield sha256
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
