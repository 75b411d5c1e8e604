"""A run is found and gone on with from any folder, and after its store was moved."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import small_project
from tests.run_document import run_document

from edgehone.actions.run.files import FILES, located
from edgehone.cli.app import main
from edgehone.store import Store

MODULE = """
import numpy as np
def digits():
    found = np.load({file!r})
    return found["x"], found["y"]
"""


def paths(document: Any) -> Iterator[str]:
    """All files that a document names."""
    if isinstance(document, list):
        for each in document:
            yield from paths(each)
    if isinstance(document, dict):
        for key, value in document.items():
            if key in FILES and isinstance(value, str) and value:
                yield value
            else:
                yield from paths(value)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_relative_paths_of_old_documents_count_from_the_store(tmp_path: Path) -> None:
    old = {
        "report": "runs/20261123-1/report.html",
        "winner": {"artifact": {"path": "some/runs/20261123-1/artifacts/a.tflite"}},
        "candidates": [{"measurement": {"artifact": {"path": "20261123-1/artifacts/b.tflite"}}}],
        "project": {"teacher": "runs/20261123-1"},
        "artifacts": None,
    }
    found = located(old, "20261123-1", tmp_path)
    place = tmp_path / "20261123-1"
    assert found["report"] == str(place / "report.html")
    assert found["winner"]["artifact"]["path"] == str(place / "artifacts/a.tflite")
    assert found["candidates"][0]["measurement"]["artifact"]["path"].endswith("artifacts/b.tflite")
    assert found["project"] == old["project"]
    assert found["artifacts"] is None
    assert old["report"] == "runs/20261123-1/report.html"


def test_files_of_a_moved_store_are_found_where_they_are(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here/1", tmp_path / "elsewhere/1"
    for place in (here, elsewhere):
        place.mkdir(parents=True)
    (here / "moved.tflite").touch()
    (elsewhere / "kept.tflite").touch()
    for name, place in (("moved", here), ("kept", elsewhere), ("gone", elsewhere)):
        document = {"path": str(elsewhere / f"{name}.tflite")}
        found = located(document, "1", tmp_path / "here")
        assert found["path"] == str(place / f"{name}.tflite")


def test_paths_that_are_not_the_runs_stay(tmp_path: Path) -> None:
    for path in ("net.tflite", "/models/net.tflite", "", "runs/other/net.tflite"):
        assert located({"path": path}, "1", tmp_path) == {"path": path}


def test_history_of_an_older_version_names_its_files_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "runs")
    run = store.create_run({})
    document = {**run_document(), "run": run, "report": f"runs/{run}/report.html"}
    store.finish_run(run, "done", document)
    monkeypatch.chdir("/")
    assert main(["runs", "--folder", str(tmp_path / "runs"), "--json"]) == 0
    (record,) = told(capsys)["runs"]
    assert record["report"] == str(tmp_path / "runs" / run / "report.html")


@pytest.mark.slow
def test_run_is_reported_gated_and_gone_on_with_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, elsewhere = tmp_path / "begun", tmp_path / "elsewhere"
    elsewhere.mkdir()
    project = small_project.write(begun / "project", rounds=0)
    arrays = np.load(begun / "project/data.npz")
    np.savez(begun / "xy.npz", allow_pickle=False, x=arrays["x"], y=arrays["y"])
    (begun / "lives_here.py").write_text(MODULE.format(file="xy.npz"))
    text = project.read_text().replace('"data.npz"', '"python:lives_here:digits"')
    project.write_text(text)
    shutil.copy(begun / "project/script.json", begun / "script.json")
    monkeypatch.chdir(begun)
    words = ["run", "project/edgehone.toml", "--on", "local@scripted://script.json"]
    assert main([*words, "--folder", "kept/runs", "--json"]) == 0
    first = told(capsys)
    assert all(Path(path).is_absolute() for path in paths(first))
    assert Path(first["report"]).is_file()

    monkeypatch.chdir(elsewhere)
    runs = ["--folder", os.path.relpath(begun / "kept/runs")]
    assert main(["report", *runs, "--json"]) == 0
    assert Path(told(capsys)["report"]).is_file()
    budgets = elsewhere / "budgets.toml"
    budgets.write_text('[[budget]]\nmetric = "size_bytes"\nmax = "64 KiB"\n')
    assert main(["gate", str(budgets), "--run", "latest", "--on", "local", *runs]) == 0
    capsys.readouterr()
    project.unlink()
    assert main(["run", "--resume", "latest", "--rounds", "1", *runs, "--json"]) == 0
    again = told(capsys)
    assert Path.cwd() == elsewhere
    assert (again["run"], len(again["candidates"])) == (first["run"], 1)
    assert [path for path in paths(again) if not path.startswith(str(begun))] == []
    assert list(elsewhere.iterdir()) == [budgets]
