"""The SQLite file: its tables, how it comes to be, and its errors in our words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from edgehone.errors import StorageError
from edgehone.system import scratch
from edgehone.system.bounds import DOCUMENT_BYTES
from edgehone.system.library_errors import sentence
from edgehone.system.parsing import json_text
from edgehone.system.settings import FOLDER

LAYOUT = 3
"""Number of the tables' layout, in SQLite's user_version; a newer one is refused, an older one
brought up to date by the first process that may write. 1: without releases; 2: without costs.
"""

WAIT_S = 60
"""How long a process waits for another one that is writing."""

UNFINISHED = ".new-"
"""How folders begin in which a database is made."""

DAMAGED = "Move the folder away and start a new one; the file is damaged."

_LAYOUT = "PRAGMA user_version"

METADATA = MetaData()

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("created", String, nullable=False),
    Column("status", String, nullable=False),
    Column("config", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("document", JSON(none_as_null=True)),
)

STAGES = Table(
    "stages",
    METADATA,
    Column("key", String, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("created", String, nullable=False),
    Column("value", JSON, nullable=False),
)

MEASUREMENTS = Table(
    "measurements",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run", String, nullable=False, index=True),
    Column("artifact", String, nullable=False, index=True),
    Column("device", String, nullable=False),
    Column("created", String, nullable=False),
    Column("document", JSON, nullable=False),
)

RELEASES = Table(
    "releases",
    METADATA,
    Column("name", String, primary_key=True),
    Column("created", String, nullable=False),
    Column("bundle", String, nullable=False),
    Column("document", JSON, nullable=False),
)

COSTS = Table(
    "costs",
    METADATA,
    Column("place", String, primary_key=True),
    Column("entry", String, primary_key=True),
    Column("created", String, nullable=False),
    Column("value", JSON, nullable=False),
)

ADDED = {2: (RELEASES,), 3: (COSTS,)}
"""The tables that a layout has more than the one before it."""


class Database:
    """One SQLite file in write-ahead mode, which several processes may use at once.

    A transaction that a killed process did not finish leaves no trace. read_only: nothing is
    changed, no file is left beside it, and it need not exist.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.exists = _exists(path)
        if not read_only:
            scratch.sweep(path.parent, UNFINISHED)
        if not self.exists and not read_only:
            _create(path)
            self.exists = True
        self._engine = _engine(path, read_only=read_only)
        self.layout = self._checked_layout() if self.exists else LAYOUT
        if self.layout < LAYOUT and not read_only:
            self._bring_up_to_date()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries."""
        with _translated(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are committed together when the block ends without error."""
        with _translated(self.path), self._engine.connect() as connection:
            # Taking the lock before reading keeps what is read true until it is written.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def _checked_layout(self) -> int:
        with self.reading() as connection:
            layout = int(connection.exec_driver_sql(_LAYOUT).scalar_one())
        if not 0 < layout <= LAYOUT:
            raise StorageError(
                f"{self.path} has layout {layout}; this version of edgehone writes {LAYOUT}.",
                "Use the version of edgehone that made it, or another folder.",
            )
        return layout

    def _bring_up_to_date(self) -> None:
        """Add what newer layouts have; of several processes, the first does it."""
        with self.writing() as connection:
            layout = int(connection.exec_driver_sql(_LAYOUT).scalar_one())
            for number in range(layout + 1, LAYOUT + 1):
                METADATA.create_all(connection, tables=ADDED[number])
                connection.exec_driver_sql(f"PRAGMA user_version={number}")
        self.layout = LAYOUT


def _exists(path: Path) -> bool:
    try:
        if path.parent.exists() and not path.parent.is_dir():
            raise _storage_error(path, f"{path.parent} is not a folder")
        return path.exists()
    except OSError as error:  # for one, a folder above that may not be looked into
        raise _storage_error(path, error.strerror or str(error)) from error


def _engine(path: Path, *, read_only: bool = False) -> Engine:
    barred = read_only and path.exists() and not _may_be_written(path)
    address = f"{path.resolve().as_uri()}?mode={_barred_mode(path) if barred else 'rw'}"

    def connect() -> sqlite3.Connection:
        found = sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)
        if read_only:
            # Not mode=ro: such a connection makes the files -wal and -shm, which readers need
            # while others write, and may not remove them when it is the last one to close.
            found.execute("PRAGMA query_only=ON")
        return found

    return create_engine(
        "sqlite://", creator=connect, poolclass=NullPool, json_deserializer=_json_of
    )


def _may_be_written(path: Path) -> bool:
    """Whether this process may write the file, and the locks beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _barred_mode(path: Path) -> str:
    """How to open a file that this process may not write: with the changes of whoever writes it
    now, else without the locks that cannot be made.
    """
    ahead = path.with_name(f"{path.name}-wal")
    return "ro" if ahead.is_file() and ahead.stat().st_size else "ro&immutable=1"


def _json_of(text: str) -> Any:
    return json_text(text, DOCUMENT_BYTES, finite=True)


def _create(path: Path) -> None:
    """Make the file elsewhere and link it into place, so that of two processes that start at once
    one wins and neither meets half a database.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.Folder(path.parent, UNFINISHED) as folder:
            fresh = folder / path.name
            with _translated(path):
                _fill(fresh)
            _put_in_place(fresh, path)
    except OSError as error:
        raise _storage_error(path, error.strerror or str(error)) from error


def _fill(fresh: Path) -> None:
    sqlite3.connect(fresh).close()
    with _engine(fresh).connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        METADATA.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={LAYOUT}")


def _put_in_place(fresh: Path, path: Path) -> None:
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        fresh.replace(path)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _storage_error(path, str(getattr(error, "orig", None) or error)) from error
    except (UnicodeError, ValueError, TypeError, RecursionError) as error:  # no JSON in a column
        raise damaged(path, f"an entry is not valid JSON ({sentence(error)})") from error


def damaged(path: Path, what: str) -> StorageError:
    """The error about a database that SQLite reads and edgehone did not write so."""
    return StorageError(f"Cannot use {path}: {what}.", DAMAGED)


def _storage_error(path: Path, text: str) -> StorageError:
    hints = {
        "disk is full": "The disk is full; free some space and run the same command again.",
        "No space left": "The disk is full; free some space and run the same command again.",
        "disk I/O": "The disk is full or failing; free some space and run the same command again.",
        "malformed": DAMAGED,
        "decode to UTF-8": DAMAGED,
        "no such table": DAMAGED,
        "no such column": DAMAGED,
        "not a database": "Move the file away; it is not edgehone's, or damaged.",
        "readonly": "Check that you may write to the folder.",
        "unable to open": "Check that the folder exists and that you may use it.",
        "no folder": f"Name another folder with {FOLDER}.",
        "ermission": "Check that you may write to the folder.",
        "locked": "Another process keeps it locked; wait for it or end it.",
    }
    hint = next((hint for sign, hint in hints.items() if sign in text), "Check the file.")
    return StorageError(f"Cannot use {path}: {text}.", hint)
