"""Kinds of task from end to end: run, compress, export, bench, gate."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import small_project

from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_names

KINDS = ("multilabel", "segmentation")
RECIPE = """
[[recipe]]
name = "half"
precision = "int8"
steps = [
  {technique = "prune_channels", ratio = 0.25},
  {technique = "distill", epochs = 3},
  {technique = "quantize_aware", epochs = 1},
]
"""


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the kind."""
    folder = tmp_path_factory.mktemp(kind)
    small_project.write(folder, kind=kind, rounds=1)
    (folder / "recipes.toml").write_text(RECIPE)
    return folder


def told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> Any:
    """The document that a command prints in the project's folder; it must end with 0."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EDGEHONE_RUNS", str(folder / "runs"))
    capsys.readouterr()
    code = main([*words, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0, found
    jsonschema.validate(found, schema(words[0]))
    return found


@pytest.mark.slow
def test_run_finds_a_smaller_model_of_the_kind(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device = small_project.device(folder)
    found = told(folder, monkeypatch, capsys, "run", "--on", device)
    assert found["project"]["task"] == {"kind": kind, "metric": metric_names(kind)[0]}
    winner = found["winner"]
    assert winner["accuracy"]["metric"] == metric_names(kind)[0]
    assert winner["accuracy"]["value"] > 0.6
    assert winner["accuracy"]["agreement"] > 0.8
    assert found["generalization"]["classes"]
    page = next(folder.glob("runs/**/report.html")).read_text()
    assert metric_names(kind)[0] in page
    assert f"The score of a class is {kind_of(kind).CLASS_SCORE}" in page


@pytest.mark.slow
def test_compress_makes_files_of_the_kind(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compress", "teacher.keras", "recipes.toml", "-o", "made"]
    found = told(folder, monkeypatch, capsys, *words)
    (made,) = found["recipes"]
    assert made["score"] > 0.5
    (file,) = made["artifacts"]
    assert file["score"] > 0.5
    assert file["generalization"]["ece"] is not None
    assert file["parity"]["kinds"] == [kind_of(kind).ANSWER]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["tflite", "onnx"])
def test_files_of_the_kind_are_exported_measured_and_gated(
    folder: Path,
    kind: str,
    form: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    device = small_project.device(folder)
    about = ["--precision", "int8", "--format", form, "-o", form, "--calibration", "data.npz"]
    found = told(folder, monkeypatch, capsys, "export", "teacher.keras", *about)
    (made,) = found["artifacts"]
    assert made["parity"]["kinds"] == [kind_of(kind).ANSWER]
    file = Path(made["path"]).name
    words = ["bench", f"{form}/{file}", "--on", device, "--data", "data.npz"]
    (measured,) = told(folder, monkeypatch, capsys, *words)["measurements"]
    assert measured["accuracy"]["metric"] == metric_names(kind)[0]
    assert measured["accuracy"]["value"] > 0.6
    assert measured["accuracy"]["guess"]["gain_ci95"][0] > 0
    (folder / "budgets.toml").write_text('[[budget]]\nmetric = "accuracy"\nmin = "50 %"\n')
    words = ["gate", "budgets.toml", f"{form}/{file}", "--on", device, "--data", "data.npz"]
    decided = told(folder, monkeypatch, capsys, *words)
    assert json.dumps(decided).count('"verdict": "pass"') == 1
