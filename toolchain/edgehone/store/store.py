"""The run store: stages looked up instead of redone, runs, measurements, and their files."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Select, func, insert, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from edgehone.documents import plain
from edgehone.errors import UsageError
from edgehone.store.costs import Costs
from edgehone.store.database import MEASUREMENTS, RUNS, STAGES, Database, damaged
from edgehone.store.objects import Objects
from edgehone.store.releases import Releases
from edgehone.system.files import canonical_json, key_of
from edgehone.system.fingerprints import with_code
from edgehone.values import Plain

Json = dict[str, Any]
Status = Literal["running", "done", "failed"]

_KEYS_SINCE = "0.1.0"
"""The release whose keys these are: what it kept is still found. A stage whose work changes raises
its own version.
"""

LATEST = "latest"
"""The word that names the newest run."""

NAME = "name"
"""What a run's record calls the name that its user gave it."""


@dataclass(frozen=True)
class RunRecord:
    """One run: when it began (ISO 8601, UTC), how it stands, and what it was asked to do.
    summary holds the single values of its document (decision, winner_name, report, …), or the
    "reason" why a run failed.
    """

    id: str
    created: str
    status: Status
    config: Plain
    summary: Plain

    @property
    def name(self) -> str:
        """What the user calls it; "" where nothing."""
        return str(self.config.get(NAME) or "")


DATABASE = "store.sqlite"
"""The file in a folder of runs that tells of all of them."""


class Store:
    """A folder with `store.sqlite` and `objects/`; several processes may use it at once.

    read_only: nothing is made or changed, and a folder that is not there is an empty store.
    made: the stages that this object has made, those looked up left out, by name; releases: the
    bundles that were tagged; costs: those of single layers on devices.

    Raises StorageError when the folder cannot be used, or the disk is full.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self.made: list[str] = []
        self._database = Database(folder / DATABASE, read_only=read_only)
        self._objects = Objects(folder / "objects")
        self.releases = Releases(self._database)
        self.costs = Costs(self._database)

    def stage(
        self,
        name: str,
        inputs: Plain,
        make: Callable[[], Plain],
        *,
        version: int = 1,
        stale: Callable[[Json], bool] = lambda _: False,
    ) -> Json:
        """The value of a stage: looked up if it was made before from the same inputs, else made.

        inputs: everything the value depends on; raise `version` when the work itself changes. Of
        users' code that they name, the source counts as well.
        A value refers to files as {"object": sha256}; when one is missing or damaged, the stage
        is made again. The value is kept whole or not at all; of two processes that make it at
        once, both get the one that was kept first. stale: asked of a value that was found, whether
        to make it again; the new one takes its place.
        """
        key = key_of([name, version, _KEYS_SINCE, plain(with_code(inputs))])
        found = self._intact_value(key)
        if found is not None and not stale(found):
            return found
        text = canonical_json(plain(make()))
        self.made.append(name)
        with self._database.writing() as connection:
            kept = connection.execute(_stage_value(key)).scalar()
            if isinstance(kept, dict) and kept != found and self._objects.has_all(kept):
                return dict(kept)
            row = {"key": key, "name": name, "created": _now(), "value": json.loads(text)}
            statement = insert_or_update(STAGES).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))
        return dict(json.loads(text))

    def _intact_value(self, key: str) -> Json | None:
        with self._database.reading() as connection:
            found = connection.execute(_stage_value(key)).scalar()
        if not isinstance(found, dict) or not self._objects.has_all(found):
            return None  # what is damaged is made again
        return dict(found)

    def keep(self, name: str, inputs: Plain, value: Plain) -> None:
        """Keep a value under its inputs in place of an earlier one; `kept` finds it."""
        row = {
            "key": key_of([name, plain(inputs)]),
            "name": name,
            "created": _now(),
            "value": plain(value),
        }
        statement = insert_or_update(STAGES).values(row)
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))

    def kept(self, name: str, inputs: Plain) -> Json | None:
        """What `keep` kept last under these inputs, with when as "created"; None: nothing yet."""
        if not self._database.exists:
            return None
        query = select(STAGES.c.value, STAGES.c.created)
        key = key_of([name, plain(inputs)])
        with self._database.reading() as connection:
            found = connection.execute(query.where(STAGES.c.key == key)).first()
        return None if found is None else {**found.value, "created": found.created}

    def add_file(self, path: Path) -> str:
        """Keep a copy of a file; its SHA-256 is its name from then on."""
        return self._objects.add(path)

    def path_of(self, sha256: str) -> Path:
        """A kept file, suffix as it was added; not to be written to."""
        return self._objects.path_of(sha256)

    def create_run(self, config: Plain) -> str:
        """Begin a run and return its id, such as "20261123-221501-ab12"."""
        moment = datetime.now(UTC)
        run = f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        row = {
            "id": run,
            "created": moment.isoformat(timespec="seconds"),
            "status": "running",
            "config": plain(config),
            "summary": {},
        }
        with self._database.writing() as connection:
            connection.execute(insert(RUNS).values(row))
        return run

    def finish_run(
        self,
        run: str,
        status: Status,
        document: Plain | None = None,
        *,
        reason: str = "",
        resumable: bool = True,
    ) -> None:
        """Say how a run stands, and keep its document, or the reason why it has none.

        resumable: whether a run without one could go on and come to its end.
        """
        values: Json = {"status": status}
        if reason:
            values |= {"summary": {"reason": reason, **({} if resumable else {"resumable": False})}}
        if document is not None:
            whole = plain(document)
            single = {key: v for key, v in whole.items() if not isinstance(v, dict | list)}
            values |= {"document": whole, "summary": single}
        with self._database.writing() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run).values(values))

    def runs(self) -> list[RunRecord]:
        """All runs, newest first."""
        if not self._database.exists:
            return []
        with self._database.reading() as connection:
            rows = connection.execute(_RECORDS.order_by(literal_column("rowid").desc()))
            return [self._record(row) for row in rows]

    def winners(self) -> dict[str, Json]:
        """The numbers of each run's winner, by run: {"size_bytes", "latency_p50_ms", "metric",
        "accuracy", "accuracy_drop"}, None where one was not measured.
        """
        if not self._database.exists:
            return {}
        columns = [RUNS.c.document[path].label(key) for key, path in _WINNER.items()]
        query = select(RUNS.c.id, *columns)
        query = query.where(func.json_valid(RUNS.c.document) == 1)  # a damaged one has no numbers
        query = query.where(RUNS.c.document["winner"].as_string().is_not(None))
        with self._database.reading() as connection:
            rows = connection.execute(query)
            return {row.id: {key: row._mapping[key] for key in _WINNER} for row in rows}

    def run(self, name: str) -> RunRecord:
        """The run with this id, the newest one that was given this name, the only one whose id
        begins so, or the "latest".

        Raises UsageError that suggests the nearest one.
        """
        known = self.runs()
        if name == LATEST and known:
            return known[0]
        exact = [record for record in known if record.id == name]
        exact += [record for record in known if name and record.name == name]
        begun = [record for record in known if name and record.id.startswith(name)]
        if exact or len(begun) == 1:
            return (exact or begun)[0]
        if begun:
            text = ", ".join(record.id for record in begun[:5])
            raise UsageError(f"{name!r} could be {len(begun)} runs.", f"Say which: {text}.")
        names = [record.id for record in known] + [r.name for r in known if r.name]
        close = get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else "List them with: edgehone runs"
        raise UsageError(f"Unknown run {name!r} in {self.folder}.", hint)

    def document(self, run: str) -> Json | None:
        """The document of a run by its id; None while it has none."""
        with self._database.reading() as connection:
            found = connection.execute(select(RUNS.c.document).where(RUNS.c.id == run)).scalar()
        return None if found is None else self._table(found, f"the document of run {run}")

    def add_measurement(self, document: Mapping[str, Any], *, run: str = "") -> None:
        """Keep a measurement's document, with its raw samples."""
        row = {
            "run": run,
            "artifact": document["artifact"]["sha256"],
            "device": document["device"]["name"],
            "created": _now(),
            "document": plain(document),
        }
        with self._database.writing() as connection:
            connection.execute(insert(MEASUREMENTS).values(row))

    def measurements(self, *, run: str | None = None, artifact: str | None = None) -> list[Json]:
        """Kept measurements, oldest first; of one run or one file, if given."""
        if not self._database.exists:
            return []
        query = select(MEASUREMENTS.c.document).order_by(MEASUREMENTS.c.id)
        if run is not None:
            query = query.where(MEASUREMENTS.c.run == run)
        if artifact is not None:
            query = query.where(MEASUREMENTS.c.artifact == artifact)
        with self._database.reading() as connection:
            found = connection.execute(query).scalars()
            return [self._table(each, "a measurement") for each in found]

    def _record(self, row: Any) -> RunRecord:
        config = self._table(row.config, f"the settings of run {row.id}")
        summary = self._table(row.summary or {}, f"the summary of run {row.id}")
        return RunRecord(row.id, row.created, row.status, config, summary)

    def _table(self, value: Any, what: str) -> Json:
        """A JSON column's value as it was written. Raises StorageError for anything but a table."""
        if not isinstance(value, dict):
            raise damaged(self._database.path, f"{what} is not a table")
        return dict(value)

    def dated_measurements(self, artifact: str) -> list[tuple[str, Json]]:
        """Kept measurements of one file, oldest first, each with when it was kept (ISO 8601)."""
        if not self._database.exists:
            return []
        query = select(MEASUREMENTS.c.created, MEASUREMENTS.c.document)
        query = query.where(MEASUREMENTS.c.artifact == artifact).order_by(MEASUREMENTS.c.id)
        with self._database.reading() as connection:
            return [
                (str(row.created), self._table(row.document, "a measurement"))
                for row in connection.execute(query)
            ]


_WINNER: Mapping[str, tuple[str, ...]] = {
    "size_bytes": ("winner", "artifact", "size_bytes"),
    "latency_p50_ms": ("winner", "latency_ms", "p50"),
    "metric": ("winner", "accuracy", "metric"),
    "accuracy": ("winner", "accuracy", "value"),
    "accuracy_drop": ("winner", "accuracy", "drop"),
}
"""Where a run's document has its winner's numbers."""

_RECORDS = select(RUNS.c.id, RUNS.c.created, RUNS.c.status, RUNS.c.config, RUNS.c.summary)


def _stage_value(key: str) -> Select[tuple[Any]]:
    return select(STAGES.c.value).where(STAGES.c.key == key)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
