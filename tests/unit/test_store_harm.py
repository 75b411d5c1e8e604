"""A store that somebody else writes to, made by another version, or damaged: told in a sentence."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests import small_project
from tests.run_document import run_document

from edgehone.cli.app import main
from edgehone.errors import StorageError
from edgehone.store import Store
from edgehone.store.database import LAYOUT

PAGE = 4096


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some finished runs, in one file."""
    folder = tmp_path_factory.mktemp("kept")
    store = Store(folder)
    for _ in range(6):
        run = store.create_run({})
        store.finish_run(run, "done", {**run_document(), "run": run})
    store.stage("stage", {"a": 1}, lambda: {"value": 1})
    with closing(sqlite3.connect(folder / "store.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it to harm."""
    place = tmp_path / "runs"
    place.mkdir()
    shutil.copy(kept / "store.sqlite", place)
    return place


def changed(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "store.sqlite")) as database, database:
        database.execute(statement, values)


def is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], *commands: str, of: str = "store.sqlite"
) -> str:
    """Each command ends in two lines and writes nothing; the message of the last one."""
    before = sorted(folder.parent.rglob("*"))
    for command in commands:
        assert main([command, "--folder", str(folder)]) == 2
        said = capsys.readouterr().err
        assert [line.partition(":")[0] for line in said.splitlines()] == ["error", "hint"], said
        assert of in said
        assert "unforeseen" not in said
        assert "Check the file." not in said
    files = [each for each in folder.parent.rglob("*") if ".sqlite-" not in each.name]
    assert sorted(files) == [each for each in before if ".sqlite-" not in each.name]
    return said


@pytest.mark.parametrize("layout", [0, LAYOUT + 1, -1])
def test_store_of_another_layout(
    folder: Path, capsys: pytest.CaptureFixture[str], layout: int
) -> None:
    changed(folder, f"PRAGMA user_version={layout}")
    assert f"has layout {layout}" in is_told(folder, capsys, "runs", "report")


@pytest.mark.parametrize("table", ["runs", "stages", "measurements"])
def test_store_without_a_table(
    folder: Path, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    changed(folder, f"DROP TABLE {table}")
    if table == "runs":
        is_told(folder, capsys, "runs", "report")
    store = Store(folder)
    used: dict[str, Callable[[], object]] = {
        "runs": store.runs,
        "stages": lambda: store.stage("stage", {"a": 1}, dict),
        "measurements": store.measurements,
    }
    with pytest.raises(StorageError, match="no such table"):
        used[table]()


def test_store_without_a_column(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(folder, "ALTER TABLE runs DROP COLUMN summary")
    assert "no such column" in is_told(folder, capsys, "runs", "report")


@pytest.mark.parametrize("seed", range(12))
def test_store_damaged_in_the_middle_is_told_or_read(
    folder: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    """Wherever a page is lost: what can be read is right, and the rest is said to be damaged."""
    chance, file = random.Random(seed), folder / "store.sqlite"
    content = bytearray(file.read_bytes())
    pages = len(content) // PAGE
    for _ in range(1 + pages // 4):
        at = chance.randrange(1, pages) * PAGE
        content[at : at + PAGE] = chance.randbytes(PAGE)
    file.write_bytes(content)
    page = folder.parent / "page.html"
    for command in (["runs"], ["report", "-o", str(page)]):
        code = main([*command, "--folder", str(folder)])
        said = capsys.readouterr().err
        assert "unforeseen" not in said
        assert code == 0 or (code == 2 and ("error: Cannot use" in said or "damaged" in said))
        assert page.exists() == (code == 0 and command[0] == "report")


@pytest.mark.parametrize("size", [0, 1, 100, PAGE, 3 * PAGE, -PAGE])
def test_store_cut_short(folder: Path, capsys: pytest.CaptureFixture[str], size: int) -> None:
    file = folder / "store.sqlite"
    file.write_bytes(file.read_bytes()[:size])
    assert main(["report", "--folder", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "unforeseen" not in said
    assert said.startswith("error: Cannot use") or "layout" in said


@pytest.mark.parametrize("column", ["config", "summary", "document"])
@pytest.mark.parametrize(
    "content", ["{", "", "[1, 2]", '"text"', "7", "[" * 100_000, b"\xff\xfe{}"], ids=repr
)
def test_entry_that_is_no_table(
    folder: Path, capsys: pytest.CaptureFixture[str], column: str, content: str | bytes
) -> None:
    statement = f"UPDATE runs SET {column} = CAST(? AS TEXT)"  # noqa: S608 # the test's own words
    changed(folder, statement, content)
    assert "damaged" in is_told(folder, capsys, "report")
    if column != "document":
        is_told(folder, capsys, "runs")


@pytest.mark.parametrize(
    "document", [{}, {"run": 3}, {"candidates": None}, {"winner": [1]}, {"device": "pi"}], ids=str
)
def test_document_of_another_shape(
    folder: Path, capsys: pytest.CaptureFixture[str], document: dict[str, object]
) -> None:
    whole = run_document() if document and "run" not in document else {}
    changed(folder, "UPDATE runs SET document = ?", json.dumps({**whole, **document}))
    said = is_told(folder, capsys, "report", of="document of run")
    assert "--resume" in said


def test_stage_that_is_no_table_is_made_again(folder: Path) -> None:
    changed(folder, "UPDATE stages SET value = '[1]'")
    made = Store(folder).stage("stage", {"a": 1}, lambda: {"value": 2})
    assert made == {"value": 2}
    assert Store(folder).stage("stage", {"a": 1}, dict) == {"value": 2}


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Somebody else is writing, and does not come to an end."""
    with closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.slow
def test_history_is_read_while_somebody_writes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(folder):
        assert main(["runs", "--folder", str(folder)]) == 0
        assert main(["report", "--folder", str(folder)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_writer_that_does_not_end_is_waited_for_and_told(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("edgehone.store.database.WAIT_S", 0.2)
    project = small_project.write(tmp_path / "project")
    with writing(folder):
        words = ["run", str(project), "--on", "local@scripted://", "--folder", str(folder)]
        assert main(words) == 2
        said = capsys.readouterr().err
        assert "locked" in said
        assert "wait for it or end it" in said
    runs = Store(folder).runs()
    assert len(runs) == 6
    assert [each.name for each in folder.iterdir() if each.is_dir()] == []


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "EXCLUSIVE for all"])
def test_store_that_somebody_keeps_for_himself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    monkeypatch.setattr("edgehone.store.database.WAIT_S", 0.2)
    with closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as database:
        if mode.endswith("all"):
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        code = main(["runs", "--folder", str(folder)])
        said = capsys.readouterr().err
    assert code == 0 or (code == 2 and "locked" in said)
