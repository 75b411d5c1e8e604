import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.run_document import run_document

from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.errors import (
    ConfigError,
    ConversionError,
    DeviceError,
    EdgehoneError,
    NonsenseError,
    StorageError,
    UnlabelledError,
    UsageError,
)
from edgehone.run.workspace import SCRATCH
from edgehone.store import Store
from edgehone.system import scratch

ASKED = {
    "model": {"teacher": "teacher.keras"},
    "on": ["local", "bench-pi"],
    "objective": {"minimize": "size_bytes", "maximize": None},
    "name": "kws",
}


def printed(capsys: pytest.CaptureFixture[str], name: str) -> dict[str, Any]:
    """The document that a command printed, which obeys the schema of this name."""
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema(name))
    return dict(found)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs: one finished, and one still running."""
    store = Store(tmp_path / "runs")
    finished = store.create_run(ASKED)
    store.finish_run(finished, "done", {**run_document(), "run": finished})
    running = store.create_run({"model": {"teacher": "other.keras"}})
    with at_work(tmp_path / "runs" / running):
        yield tmp_path / "runs"


@contextmanager
def at_work(run: Path) -> Iterator[None]:
    """A living process works on the run: this one."""
    (run / SCRATCH).mkdir(parents=True)
    mark = scratch.claimed(run / SCRATCH)
    yield
    os.close(mark)


def finished(folder: Path) -> str:
    return next(record.id for record in Store(folder).runs() if record.status == "done")


def test_runs_lists_the_newest_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--folder", str(folder), "--json"]) == 0
    found = printed(capsys, "runs")["runs"]
    assert [run["status"] for run in found] == ["running", "done"]
    assert found[1]["decision"] == "pass"
    assert main(["runs", "--folder", str(folder), "--wide"]) == 0
    assert "candidate-4" in capsys.readouterr().out


def test_runs_tell_what_was_asked_and_what_won(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--folder", str(folder), "--json"]) == 0
    running, done = printed(capsys, "runs")["runs"]
    asked = {"name": "kws", "devices": ["local", "bench-pi"], "objective": "min size_bytes"}
    assert {key: done[key] for key in asked} == asked
    assert running["devices"] == ["local"]
    assert running["objective"] == "min latency_p50_ms"
    winner = run_document()["winner"]
    assert done["winner"]["size_bytes"] == winner["artifact"]["size_bytes"]
    assert done["winner"]["latency_p50_ms"] == winner["latency_ms"]["p50"]
    assert done["winner"]["accuracy"] == winner["accuracy"]["value"]
    assert running["winner"] is None
    assert main(["runs", "--folder", str(folder), "--wide"]) == 0
    shown = capsys.readouterr().out
    for line in ("kws", "local, bench-pi", "min size_bytes", done["created"][:10], "teacher.keras"):
        assert line in shown


def test_runs_fit_a_terminal_of_80_columns_and_keep_what_matters(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["runs", "--folder", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert {"run", "name", "result", "size", "p50", "accuracy"} <= set(" ".join(lines[:2]).split())
    assert len([line for line in lines if line.strip().startswith("20")]) == 2


def test_a_run_whose_process_is_gone_was_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path)
    killed, ended, failed = (store.create_run(ASKED) for _ in range(3))
    with at_work(tmp_path / killed):
        pass
    store.finish_run(ended, "failed", reason="interrupted")
    store.finish_run(failed, "failed", reason="The disk is full.")
    assert main(["runs", "--folder", str(tmp_path), "--json"]) == 0
    found = {run["run"]: run["status"] for run in printed(capsys, "runs")["runs"]}
    assert found == {killed: "interrupted", ended: "interrupted", failed: "failed"}
    assert main(["runs", "--folder", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert f"{failed} failed: The disk is full." in shown
    assert f"edgehone run --resume {failed}" in shown
    assert main(["report", killed, "--folder", str(tmp_path)]) == 2
    assert f"Run {killed} was interrupted" in capsys.readouterr().err


def test_a_run_that_would_fail_again_is_not_offered_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path)
    goes_on, fails = (store.create_run(ASKED) for _ in range(2))
    store.finish_run(goes_on, "failed", reason="The disk is full.")
    store.finish_run(fails, "failed", reason="data.npz has no targets.", resumable=False)
    assert main(["runs", "--folder", str(tmp_path), "--json"]) == 0
    found = {run["run"]: run["resumable"] for run in printed(capsys, "runs")["runs"]}
    assert found == {goes_on: True, fails: False}
    assert main(["runs", "--folder", str(tmp_path)]) == 0
    assert f"edgehone run --resume {goes_on}" in capsys.readouterr().out
    assert main(["report", fails, "--folder", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "data.npz has no targets" in told
    assert "resume" not in told


@pytest.mark.parametrize("kind", [UsageError, ConfigError, UnlabelledError, ConversionError])
def test_what_was_given_makes_a_run_fail_again(kind: type[EdgehoneError]) -> None:
    assert kind("x").lasting


@pytest.mark.parametrize("kind", [StorageError, DeviceError, NonsenseError])
def test_what_may_be_otherwise_next_time_lets_a_run_go_on(kind: type[EdgehoneError]) -> None:
    assert not kind("x").lasting


@pytest.mark.slow
def test_a_run_is_found_by_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "kws", "--folder", str(folder), "--json"]) == 0
    assert printed(capsys, "report")["run"] == finished(folder)
    newer = Store(folder).create_run(ASKED)
    assert Store(folder).run("kws").id == newer
    assert main(["report", "kw", "--folder", str(folder)]) == 2
    assert "Did you mean 'kws'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["latest", "20261130-120000-ab12", "-x", "", "a b", "x" * 65])
def test_a_run_is_not_called_what_cannot_be_looked_up(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(tmp_path / "none.toml"), f"--name={name}", "--folder", str(tmp_path / "r")]
    assert main(words) == 2
    assert "A run cannot be called" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_a_damaged_document_leaves_the_other_runs_numbers(folder: Path) -> None:
    import sqlite3

    other = Store(folder).create_run(ASKED)
    Store(folder).finish_run(other, "done", {**run_document(), "run": other})
    with sqlite3.connect(folder / "store.sqlite") as connection:
        connection.execute("UPDATE runs SET document = '{' WHERE id = ?", (other,))
    connection.close()
    assert set(Store(folder).winners()) == {finished(folder)} - {other} | {
        record.id for record in Store(folder).runs()[-1:]
    }


@pytest.mark.slow
def test_report_opens_the_page_in_the_browser_of_the_user(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import webbrowser

    browser = tmp_path / "browser.py"
    opened = tmp_path / "opened.txt"
    browser.write_text(f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s")
    monkeypatch.setattr(webbrowser, "_tryorder", None)  # what BROWSER says is read once a process
    run = finished(folder)
    assert main(["report", run, "--folder", str(folder), "--open"]) == 0
    assert opened.read_text() == (folder / run / "report.html").as_uri()


def test_an_empty_history_is_no_error_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--folder", str(tmp_path / "none")]) == 0
    assert "edgehone demo" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_report_writes_the_page_of_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished(folder)
    assert main(["report", run, "--folder", str(folder), "--json"]) == 0
    path = Path(printed(capsys, "report")["report"])
    assert path == folder / run / "report.html"
    assert "candidate-4" in path.read_text()


def test_report_of_an_unfinished_run_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "latest", "--folder", str(folder)]) == 2
    assert "Wait for its end" in capsys.readouterr().err


def test_init_writes_a_project_that_loads_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehone.config import load

    folder = tmp_path / "project"
    assert main(["init", str(folder)]) == 0
    path = folder / "edgehone.toml"
    assert load(path).budgets
    path.write_text("mine")
    assert main(["init", str(folder)]) == 2
    assert path.read_text() == "mine"
    assert main(["init", str(folder), "--force"]) == 0
    assert path.read_text() != "mine"
    assert "--force" in capsys.readouterr().err


def test_run_without_a_project_says_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(tmp_path / "edgehone.toml")]) == 2
    assert "edgehone init" in capsys.readouterr().err


def test_doctor_tells_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--folder", str(tmp_path), "--json"]) == 0
    found = {check["name"]: check for check in printed(capsys, "doctor")["checks"]}
    assert found["ai-edge-litert"]["ok"]
    assert found["Python"]["required"]
    assert all(check["advice"] for check in found.values() if not check["ok"])
    assert {"ssh", "adb", "qemu-aarch64", "C compiler"} <= set(found)
    assert "sftp" not in found  # files go through ssh itself


@pytest.fixture
def undecided(tmp_path: Path) -> Path:
    """A folder of runs with one whose best candidate may keep the budgets."""
    document = run_document()
    best = document["candidates"][3]["measurement"]
    best["accuracy"].update(n=300, drop=0.0, drop_ci95=[-0.02, 0.02])
    store = Store(tmp_path / "runs")
    run = store.create_run({"model": {"teacher": "teacher.keras"}})
    changes = {
        "run": run,
        "winner": None,
        "winner_name": "",
        "decision": "inconclusive",
        "best_unproven": best,
        "best_unproven_elsewhere": [],
        "best_unproven_name": "candidate-4",
    }
    store.finish_run(run, "done", {**document, **changes})
    return tmp_path / "runs"


def test_runs_say_that_a_winner_is_not_proven(
    undecided: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--folder", str(undecided)]) == 0
    shown = capsys.readouterr().out
    assert "inconclusive" in shown
    assert "candidate-4 (unproven)" in shown
