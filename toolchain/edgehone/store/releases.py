"""Releases in a store: bundles under names, each with its files kept by their hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import insert, literal_column, select

from edgehone.documents import plain
from edgehone.documents.shape import fault
from edgehone.errors import UsageError
from edgehone.store.database import RELEASES, Database, damaged
from edgehone.system import settings
from edgehone.values import Plain

Json = dict[str, Any]

_TEXT, _SHA256 = {"type": "string"}, {"type": "string", "pattern": "^[0-9a-f]{64}$"}

RULES: Json = {
    "type": "object",
    "required": ["title", "run", "decision", "made_by", "size_bytes", "signed_by", "artifacts"],
    "properties": {
        **dict.fromkeys(("title", "run", "decision", "made_by", "signed_by"), _TEXT),
        "size_bytes": {"type": "integer"},
        "artifacts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "sha256"],
                "properties": {"path": _TEXT, "sha256": _SHA256},
            },
        },
    },
}
"""The shape of what is kept of a release."""


@dataclass(frozen=True)
class ReleaseRecord:
    """One release: what it is called, when it was tagged (ISO 8601, UTC), the SHA-256 of its
    bundle, and what is kept of it.
    """

    name: str
    created: str
    bundle: str
    document: Plain


class Releases:
    """The releases of a store, by its database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, bundle: str, document: Plain) -> ReleaseRecord:
        """Keep a release. Raises UsageError where the name is that of another bundle; the same one
        keeps the date it has.
        """
        row = {
            "name": name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "bundle": bundle,
            "document": plain(document),
        }
        with self._database.writing() as connection:
            query = select(RELEASES).where(RELEASES.c.name == name)
            known = connection.execute(query).first()
            if known is None:
                connection.execute(insert(RELEASES).values(row))
            elif known.bundle != bundle:
                raise UsageError(
                    f"Release {name!r} is already there, with another bundle "
                    f"({known.bundle[:12]}…, tagged {known.created}).",
                    "Give the new one another name.",
                )
        return self.named(name)

    def all(self) -> list[ReleaseRecord]:
        """All releases, newest first."""
        if not self._database.exists or self._database.layout < 2:
            return []
        query = select(RELEASES).order_by(literal_column("rowid").desc())
        with self._database.reading() as connection:
            return [self._record(row) for row in connection.execute(query)]

    def named(self, name: str = "") -> ReleaseRecord:
        """The release of that name; "": the newest. Raises UsageError that suggests the nearest."""
        known = self.all()
        found = [each for each in known if name in ("", each.name)]
        if found:
            return found[0]
        folder = self._database.path.parent
        if not known:
            raise UsageError(
                f"There are no releases in {folder} yet.",
                f"Tag one: {settings.RELEASE}.",
            )
        raise UsageError(f"Unknown release {name!r} in {folder}.", _nearest(name, known))

    def _record(self, row: Any) -> ReleaseRecord:
        wrong = fault(row.document, RULES)
        if wrong:
            raise damaged(self._database.path, f"release {row.name} is not as it was kept: {wrong}")
        return ReleaseRecord(row.name, row.created, row.bundle, row.document)


def _nearest(name: str, known: Sequence[ReleaseRecord]) -> str:
    close = get_close_matches(name, [each.name for each in known], n=1)
    return f"Did you mean {close[0]!r}?" if close else f"List them with: {settings.RELEASES}"
