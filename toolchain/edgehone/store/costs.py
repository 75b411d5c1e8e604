"""Measured costs in a store, entry by entry: single layers on one device, under one condition."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from edgehone.documents import plain
from edgehone.store.database import COSTS, Database, damaged
from edgehone.system.files import key_of
from edgehone.values import Plain

Json = dict[str, Any]

_SINCE = 3
"""The first layout of the database that has them."""


class Costs:
    """The costs of a store, by its database.

    A place is all that costs depend on beside what is measured (device, runtime, threads, clock);
    an entry names what was measured.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, place: Plain) -> dict[str, Json]:
        """Everything kept of a place, by entry."""
        if not self._database.exists or self._database.layout < _SINCE:
            return {}
        query = select(COSTS.c.entry, COSTS.c.value).where(COSTS.c.place == key_of(plain(place)))
        with self._database.reading() as connection:
            return {row.entry: self._value(row) for row in connection.execute(query)}

    def keep(self, place: Plain, found: Mapping[str, Plain]) -> None:
        """Keep costs of a place by entry, all of them or none. What is kept already stays, so that
        runs at the same time, and one that is resumed, count with the same costs.
        """
        shared = {
            "place": key_of(plain(place)),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with self._database.writing() as connection:
            for entry, value in found.items():
                row = {**shared, "entry": entry, "value": plain(value)}
                statement = insert(COSTS).values(row)
                connection.execute(
                    statement.on_conflict_do_nothing(index_elements=["place", "entry"])
                )

    def _value(self, row: Any) -> Json:
        if not isinstance(row.value, dict):
            raise damaged(self._database.path, f"the cost {row.entry[:60]} is not a table")
        return dict(row.value)
