"""A store as version 0.1 left it is listed, shown, reported and gone on with."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

import edgehone as eh
from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.run import loop, preflight
from edgehone.store import Store

WRITTEN = Path(__file__).parents[1] / "documents" / "store-0.1.sql"
DONE, INTERRUPTED = "20261130-155033-6a1c", "20261130-155033-bc62"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The store's folder."""
    runs = tmp_path / "runs"
    runs.mkdir()
    with closing(sqlite3.connect(runs / "store.sqlite")) as database:
        database.executescript(WRITTEN.read_text())
    return runs


def test_its_runs_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--folder", str(folder), "--json"]) == 0
    found = {each["run"]: each for each in json.loads(capsys.readouterr().out)["runs"]}
    assert {run: each["status"] for run, each in found.items()} == {
        DONE: "done",
        INTERRUPTED: "interrupted",
    }
    assert found[DONE]["winner"]["size_bytes"] > 0


def test_its_finished_run_is_opened_reported_and_is_todays_document(
    folder: Path, tmp_path: Path
) -> None:
    run = eh.Run.open(DONE, folder)
    assert (run.id, run.decision) == (DONE, "pass")
    assert run.winner is not None
    assert run.value.searched_weights is None  # what it did not tell is not known
    jsonschema.validate(run.document, schema("run"))
    page = run.report(tmp_path / "report.html").read_text()
    assert run.winner.name in page


def test_its_interrupted_run_can_be_gone_on_with(folder: Path) -> None:
    store = Store(folder)
    begun = loop.start_of(store, INTERRUPTED)
    assert begun.config.model.teacher == "python:edgehone.demo:teacher"
    assert begun.config.recipe[0].steps[0].value.settings["importance"] == "taylor"
    preflight.require_budgets(begun.config, ["local"])
    preflight.require_search(begun.config)
    preflight.require_sources(begun.config)
    preflight.require_recipes([table.value for table in begun.config.recipe])


def test_what_it_has_computed_is_looked_up(folder: Path) -> None:
    store = Store(folder)

    def again() -> dict[str, int]:
        raise AssertionError

    assert store.stage("teacher outputs", {"model": "a" * 64}, again) == {"n": 1}
    assert len(store.measurements()) == 1
