"""A store with damaged content is told in a sentence, by every command that reads it.

Seeded, and few for CI; EDGEHONE_MUTATIONS=20 makes twenty times as many of each.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from tests import mutations
from tests.run_document import run_document

from edgehone.cli.app import main
from edgehone.store import Store

TIMES = int(os.environ.get("EDGEHONE_MUTATIONS", "1"))
BUDGETS = '[[budget]]\nmetric = "accuracy_drop"\nmax = "2 %"\n'
CONFIG = {
    "on": ["local"],
    "model": {"teacher": "teacher.keras"},
    "data": {"source": "digits"},
    "budget": [{"metric": "size_bytes", "max": 1000}],
}

RELEASE = {
    **dict.fromkeys(("title", "run", "decision", "made_by", "signed_by"), "x"),
    "size_bytes": 1000,
    "artifacts": [{"path": "artifacts/m.tflite", "sha256": "b" * 64}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one finished run and one release."""
    store = Store(tmp_path / "runs")
    run = store.create_run(CONFIG)
    store.finish_run(run, "done", {**run_document(), "run": run})
    store.releases.add("v1", "a" * 64, RELEASE)
    (tmp_path / "budgets.toml").write_text(BUDGETS)
    return tmp_path / "runs"


def commands(folder: Path) -> list[list[str]]:
    page, budgets = str(folder.parent / "page.html"), str(folder.parent / "budgets.toml")
    where = ["--folder", str(folder), "--json"]
    return [
        ["runs", *where],
        ["release", "--list", *where],
        ["report", "latest", "-o", page, *where],
        ["gate", budgets, "--run", "latest", *where],
    ]


def all_end_in_sentences(
    arguments: Sequence[list[str]], capfd: pytest.CaptureFixture[str], what: str
) -> int:
    """How many of the commands were refused."""
    refused = 0
    for words in arguments:
        code = main(words)
        text = capfd.readouterr()
        assert "unforeseen" not in text.err, (what, words[0], text.err)
        assert code in (0, 1, 2, 3, 5), (what, words[0], text.err)
        refused += code == 2
    return refused


def put(folder: Path, column: str, text: str, table: str = "runs") -> None:
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (text,))  # noqa: S608 # ours


@pytest.mark.slow
def test_a_whole_store_is_read(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert all_end_in_sentences(commands(folder), capfd, "whole") == 0


@pytest.mark.slow
def test_documents_of_odd_values(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = Store(folder).run("latest").id
    document = {**run_document(), "run": run}
    for number, copy in enumerate(mutations.altered(document, 25 * TIMES)):
        put(folder, "document", json.dumps(copy))
        all_end_in_sentences(commands(folder), capfd, f"copy {number}")


@pytest.mark.slow
@pytest.mark.parametrize("column", ["config", "summary", "document"])
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '"x"', "null", "[" * 5000, '{"a": NaN}', '{"model": 3}', "\udcff"]
)
def test_columns_that_hold_something_else(
    column: str, text: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    put(folder, column, text.encode(errors="surrogateescape").decode(errors="replace"))
    all_end_in_sentences(commands(folder), capfd, column)


@pytest.mark.slow
def test_releases_of_odd_values(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    listing = [["release", "--list", "--folder", str(folder)]]
    for number, copy in enumerate(mutations.altered(RELEASE, 40 * TIMES)):
        put(folder, "document", json.dumps(copy), "releases")
        all_end_in_sentences(listing, capfd, f"copy {number}")


@pytest.mark.slow
def test_settings_of_a_run_to_resume(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = Store(folder).run("latest").id
    resume = [["run", "--resume", run, "--folder", str(folder), "--json"]]
    for number, copy in enumerate(mutations.altered(CONFIG, 40 * TIMES)):
        put(folder, "config", json.dumps(copy))
        all_end_in_sentences(resume, capfd, f"copy {number}")


@pytest.mark.slow
def test_damaged_databases(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = (folder / "store.sqlite").read_bytes()
    for number, copy in enumerate(mutations.damaged(whole, 25 * TIMES)):
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "store.sqlite").write_bytes(copy)
        all_end_in_sentences(commands(folder), capfd, f"copy {number}")
