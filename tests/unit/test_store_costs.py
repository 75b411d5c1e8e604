"""Costs of layers are kept by place and entry, and found by whoever asks next."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edgehone.errors import StorageError
from edgehone.store import Store

PI = {"name": "pi", "threads": 1}


def test_costs_are_found_at_their_place_alone(tmp_path: Path) -> None:
    Store(tmp_path).costs.keep(PI, {"a": {"passes_ms": [1.0]}, "b": {"instructions": 7}})
    again = Store(tmp_path).costs
    assert again.known(PI) == {"a": {"passes_ms": [1.0]}, "b": {"instructions": 7}}
    assert again.known({**PI, "threads": 2}) == {}


def test_an_earlier_cost_stays(tmp_path: Path) -> None:
    costs = Store(tmp_path).costs
    costs.keep(PI, {"a": {"passes_ms": [1.0]}})
    costs.keep(PI, {"a": {"passes_ms": [2.0]}, "c": {"passes_ms": [3.0]}})
    assert costs.known(PI) == {"a": {"passes_ms": [1.0]}, "c": {"passes_ms": [3.0]}}


def test_a_store_that_is_not_there_or_older_has_no_costs(tmp_path: Path) -> None:
    assert Store(tmp_path / "none", read_only=True).costs.known(PI) == {}
    folder = tmp_path / "old"
    Store(folder)
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection, connection:
        connection.execute("DROP TABLE costs")
        connection.execute("PRAGMA user_version=2")
    assert Store(folder, read_only=True).costs.known(PI) == {}
    Store(folder).costs.keep(PI, {"a": {"passes_ms": [1.0]}})
    assert Store(folder, read_only=True).costs.known(PI) == {"a": {"passes_ms": [1.0]}}


def test_a_damaged_cost_is_told(tmp_path: Path) -> None:
    Store(tmp_path).costs.keep(PI, {"a": {"passes_ms": [1.0]}})
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection, connection:
        connection.execute("UPDATE costs SET value = '[1]'")
    with pytest.raises(StorageError, match="not a table"):
        Store(tmp_path).costs.known(PI)
