"""The published JSON schemas, and the version that every document carries."""

import json
from pathlib import Path

from edgehone.documents.plain import Json
from edgehone.errors import DataError, StorageError
from edgehone.system.files import reading
from edgehone.values import Plain

VERSION = 1
"""Of the documents' shape: raised when a reader of the old shape would misread the new one. Fields
are added without raising it.
"""

SCHEMAS = (
    "bench",
    "compare",
    "gate",
    "calibration",
    "run",
    "inspect",
    "export",
    "compress",
    "repack",
    "bundle",
    "verify",
    "release",
    "techniques",
    "targets",
    "devices",
    "devices_add",
    "devices_setup",
    "devices_learn",
    "devices_forget",
    "doctor",
    "init",
    "runs",
    "report",
    "error",
    "manifest",
    "evidence",
    "app",
    "app_model",
    "app_golden",
)
"""Documents of the command line, and of the files it writes, with a published schema."""

_SHARED = ("measurement", "artifact", "decision", "recipe", "app_model")
_SCHEMA_FOLDER = Path(__file__).parent / "schemas"


def versioned(document: Plain) -> Json:
    """The document with the version of its shape, as "schema"."""
    return {"schema": VERSION, **document}


def require_version(document: Plain, where: str) -> None:
    """Refuse a document of a version that this program does not know; documents of edgehone 0.1
    carry none. where: what an error calls it. Raises StorageError.
    """
    version = document.get("schema", 1)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version <= VERSION:
        raise StorageError(
            f"{where} is of version {version!r}, and this edgehone reads up to version {VERSION}.",
            "A newer edgehone wrote it; update this one to read it.",
        )


def schema(name: str) -> Json:
    """The JSON schema (draft 2020-12) of a command's document, with all it refers to inside."""
    if name not in (*SCHEMAS, *_SHARED):
        raise DataError(f"Unknown schema {name!r}.", f"Known: {', '.join(SCHEMAS)}.")
    found = _schema_file(name)
    found["$defs"] = {part: _schema_file(part) for part in _SHARED if part != name}
    return found


def _schema_file(name: str) -> Json:
    path = _SCHEMA_FOLDER / f"{name}.json"
    with reading(path):
        return dict(json.loads(path.read_text(encoding="utf-8")))
