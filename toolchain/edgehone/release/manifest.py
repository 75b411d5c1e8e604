"""The list of a bundle's files, each with its SHA-256, written in one way only."""

import json
from dataclasses import dataclass
from typing import Any

from edgehone.documents.plain import Json
from edgehone.documents.published import require_version, schema, versioned
from edgehone.documents.shape import fault
from edgehone.errors import StorageError, VerificationError
from edgehone.release import names
from edgehone.system.bounds import BUNDLE_BYTES, BUNDLE_FILES, DESCRIPTION_BYTES
from edgehone.system.library_errors import sentence
from edgehone.system.parsing import json_of
from edgehone.values import Plain

NAME = "manifest.json"
"""The first file of every bundle."""

ARTIFACT = "artifact"
"""The role of a file that runs on devices."""


@dataclass(frozen=True)
class Entry:
    """A file of a bundle: its path there, what it is for, SHA-256 and size."""

    path: str
    role: str
    sha256: str
    size_bytes: int

    def to_json(self) -> Json:
        """As the manifest has it."""
        return {
            "path": self.path,
            "role": self.role,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
        }


@dataclass(frozen=True)
class Manifest:
    """What a bundle is about, the version of edgehone that wrote it, and all files but this one, in
    the order in which they stand there. run, created, decision: "" where no run led to it.
    """

    title: str
    made_by: str
    files: tuple[Entry, ...]
    run: str = ""
    created: str = ""
    decision: str = ""

    def of_role(self, role: str) -> tuple[Entry, ...]:
        """The files that are for one thing."""
        return tuple(entry for entry in self.files if entry.role == role)

    def to_json(self) -> Json:
        """What stands in `manifest.json` (schema "manifest")."""
        return versioned(
            {
                "title": self.title,
                "run": self.run,
                "created": self.created,
                "decision": self.decision,
                "made_by": {"edgehone": self.made_by},
                "files": [entry.to_json() for entry in self.files],
            }
        )

    def text(self) -> bytes:
        """The only bytes that stand for this manifest."""
        return (json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n").encode()

    @classmethod
    def read(cls, content: bytes, where: str) -> "Manifest":
        """What `text` wrote. where: what an error calls the bundle. Raises DamagedError for any
        other bytes, VerificationError for those of a newer edgehone.
        """
        try:
            data = json_of(content, DESCRIPTION_BYTES, finite=True)
        except ValueError as error:
            raise DamagedError(f"its {NAME} is not JSON ({sentence(error)})") from error
        if not isinstance(data, dict):
            raise DamagedError(f"its {NAME} is not a table")
        try:
            require_version(data, where)
        except StorageError as error:
            raise VerificationError(error.message, error.hint) from error
        found = _from_json(data)
        _require_files(found)
        if found.text() != content:
            raise DamagedError(f"its {NAME} is not written as edgehone writes it")
        return found


class DamagedError(ValueError):
    """A bundle is not as `edgehone bundle` writes it; the text says in what: "its ... is ..."."""


def _from_json(data: Plain) -> Manifest:
    wrong = fault(data, schema("manifest"))
    if wrong:
        raise DamagedError(f"its {NAME} is not as its schema says: {wrong}")
    files: list[Any] = data["files"]
    return Manifest(
        data["title"],
        data["made_by"]["edgehone"],
        tuple(Entry(f["path"], f["role"], f["sha256"], f["size_bytes"]) for f in files),
        data["run"],
        data["created"],
        data["decision"],
    )


def _require_files(manifest: Manifest) -> None:
    seen = {names.folded(NAME)}
    for entry in manifest.files:
        if wrong := names.fault(entry.path):
            raise DamagedError(f"its {NAME} names {entry.path[:80]!r}, which {wrong}")
        if names.folded(entry.path) in seen:
            raise DamagedError(f"its {NAME} names {entry.path!r} twice")
        seen.add(names.folded(entry.path))
    if (
        len(manifest.files) >= BUNDLE_FILES
        or sum(entry.size_bytes for entry in manifest.files) > BUNDLE_BYTES
    ):
        raise DamagedError(f"its {NAME} lists more than a bundle holds")
