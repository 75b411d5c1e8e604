"""`run --resume`: a run goes on as it was begun, whatever lies in the working folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests import small_project

from edgehone.cli.app import main
from edgehone.config import load
from edgehone.store import Store

PROJECT = """
[model]
teacher = "none.keras"
[data]
source = "none.npz"
[objective]
minimize = "size_bytes"
[[budget]]
metric = "size_bytes"
max = 1000
"""


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    """A folder of runs: one, begun on an emulated device, whose teacher is not there."""
    project = tmp_path / "edgehone.toml"
    project.write_text(PROJECT)
    store = Store(tmp_path / "runs")
    on = {"on": ["local@scripted://"]}
    run = store.create_run({**on, **load(project).model_dump(mode="json")})
    store.finish_run(run, "failed", reason="the power went")
    project.unlink()
    return tmp_path / "runs"


def test_resume_reads_no_project_file(failed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--resume", "latest", "--folder", str(failed)]) == 5
    text = capsys.readouterr().err
    assert "with its original settings" in text
    assert "none.keras" in text


def test_resume_of_no_run_or_another_device_is_wrong_usage(
    failed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--resume", "", "--folder", str(failed)]) == 2
    assert main(["run", "--resume", "nothing", "--folder", str(failed)]) == 2
    capsys.readouterr()
    assert main(["run", "--resume", "latest", "--on", "local", "--folder", str(failed)]) == 2
    assert "was started on local@scripted://" in capsys.readouterr().err


def test_a_run_with_a_class_of_a_script_says_where_the_class_belongs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "edgehone.toml"
    project.write_text(PROJECT)
    config = load(project).model_dump(mode="json")
    config["search"]["strategy"] = "python:__main__:Few(most=2)"
    store = Store(tmp_path / "runs")
    store.finish_run(store.create_run({"on": ["local@scripted://"], **config}), "failed")
    assert main(["run", "--resume", "latest", "--folder", str(tmp_path / "runs")]) == 2
    text = capsys.readouterr().err
    assert "'Few' was defined in a script or notebook itself" in text
    assert "Move Few to a module" in text


def test_the_reason_of_a_failed_run_is_kept_and_told(
    failed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--folder", str(failed), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["reason"] == "the power went"
    assert main(["report", "--folder", str(failed)]) == 2
    text = capsys.readouterr().err
    assert "the power went" in text
    assert f"--folder {failed}" in text


def test_a_run_of_another_version_cannot_be_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Store(tmp_path).create_run({"modell": {}})
    assert main(["run", "--resume", "latest", "--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("error:") == 1


@pytest.mark.slow
def test_a_run_that_failed_by_its_data_is_not_offered_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.write(tmp_path / "project", rounds=0)
    with np.load(project.parent / "data.npz") as data:
        arrays = dict(data)
    np.savez(project.parent / "data.npz", **{**arrays, "y": arrays["y"][:-1]})
    runs = str(tmp_path / "runs")
    on = small_project.device(project.parent)
    assert main(["run", str(project), "--on", on, "--folder", runs]) == 2
    capsys.readouterr()
    assert main(["runs", "--folder", runs]) == 0
    shown = capsys.readouterr().out
    assert "failed:" in shown
    assert "--resume" not in shown


@pytest.mark.slow
def test_a_resumed_run_ends_with_a_whole_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.write(tmp_path / "project", rounds=0)
    runs = str(tmp_path / "runs")
    on = small_project.device(project.parent)
    assert main(["run", str(project), "--on", on, "--folder", runs, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["candidates"] == []
    project.unlink()
    assert main(["run", "--resume", "latest", "--rounds", "1", "--folder", runs, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["run"] == first["run"]
    assert again["baselines"] == first["baselines"]
    assert again["device"]["name"] == on
    assert len(again["candidates"]) == 1
    assert main(["runs", "--folder", runs, "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["runs"]
    assert (record["status"], record["winner_name"]) == ("done", again["winner_name"])
    assert main(["report", "--folder", runs]) == 0
    assert again["winner_name"] in Path(again["report"]).read_text()
