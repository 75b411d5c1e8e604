import json
from pathlib import Path

import pytest
from tests.run_document import run_document

from edgehone.cli.app import main
from edgehone.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of runs: one finished, and one still running."""
    store = Store(tmp_path / "runs")
    finished = store.create_run({"model": {"teacher": "teacher.keras"}})
    store.finish_run(finished, "done", {**run_document(), "run": finished})
    store.create_run({"model": {"teacher": "other.keras"}})
    return tmp_path / "runs"


def finished(folder: Path) -> str:
    return next(record.id for record in Store(folder).runs() if record.status == "done")


def test_runs_lists_the_newest_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--folder", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    assert [run["status"] for run in found] == ["running", "done"]
    assert found[1]["decision"] == "pass"
    assert main(["runs", "--folder", str(folder)]) == 0
    assert "candidate-4" in capsys.readouterr().out


def test_an_empty_history_is_no_error_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--folder", str(tmp_path / "none")]) == 0
    assert "edgehone demo" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_report_writes_the_page_of_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished(folder)
    assert main(["report", run, "--folder", str(folder), "--json"]) == 0
    path = Path(json.loads(capsys.readouterr().out)["report"])
    assert path == folder / run / "report.html"
    assert "candidate-4" in path.read_text()


def test_report_of_an_unfinished_run_says_how_to_go_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "latest", "--folder", str(folder)]) == 2
    assert "--resume" in capsys.readouterr().err


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
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
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
