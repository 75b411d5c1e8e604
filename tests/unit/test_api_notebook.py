"""What results look like in a notebook: the tables of the terminal, as HTML."""

from html import unescape
from pathlib import Path

import pytest
from tests import tiny_models
from tests.kept_run import kept_run

import edgehone as eh

SCRIPTED = "local@scripted://"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tiny_models.dense(tmp_path), tiny_models.dense(tmp_path, "int8")]


@pytest.mark.slow
def test_measurements_are_a_row_a_file_under_their_device(files: list[Path]) -> None:
    shown = eh.bench(files, on=SCRIPTED, blocks=2)._repr_html_()
    assert all(path.stem in shown for path in files)
    assert "emulated" in shown
    assert shown.count("<table>") == 1


@pytest.mark.slow
def test_a_comparison_is_two_rows_and_a_sentence(files: list[Path]) -> None:
    answer = eh.compare(*files, on=SCRIPTED, pairs=12)
    assert f"{answer.verdict}: {files[0].stem}" in unescape(answer._repr_html_())


@pytest.mark.slow
def test_a_gate_shows_its_checks_and_its_decision(files: list[Path], tmp_path: Path) -> None:
    gate = eh.gate([eh.Budget("size_bytes", max="1 B")], files, folder=tmp_path)
    assert "fail" in gate._repr_html_()
    assert gate.passed is False


def test_an_inspection_shows_layers(files: list[Path]) -> None:
    assert "FULLY_CONNECTED" in eh.inspect(files[0])._repr_html_()


@pytest.mark.slow
def test_a_run_that_is_over_can_be_opened_saved_and_reported(tmp_path: Path) -> None:
    kept = kept_run(tmp_path)
    run = eh.Run.open("latest", kept.folder)
    assert run.id == kept.run
    assert run.winner is not None
    assert run.winner.path == kept.winner
    assert run.winner.size_bytes == kept.winner.stat().st_size
    assert [each.name for each in run.candidates] == [
        each["name"] for each in run.document["candidates"]
    ]
    assert run.id in run.report(tmp_path / "page.html").read_text()
    run.save(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("run.json", "report.html", kept.winner.name),
    }
    assert "<table>" in run._repr_html_()
    winner = run.folder / "winner"
    winner.mkdir()
    (winner / "recipe.toml").write_text("[[recipe]]\n")
    assert (run.save(tmp_path / "more") / "recipe.toml").read_text() == "[[recipe]]\n"


@pytest.mark.slow
def test_results_say_in_a_line_what_they_are(files: list[Path], tmp_path: Path) -> None:
    answer = eh.compare(*files, on=SCRIPTED, pairs=12)
    gate = eh.gate([eh.Budget("size_bytes", max="1 B")], files, folder=tmp_path)
    run = eh.Run.open("latest", kept_run(tmp_path / "kept").folder)
    benched = eh.bench(files, on=SCRIPTED, blocks=2)
    said = [repr(each) for each in (benched, answer, gate, eh.inspect(files[0]), run)]
    assert said[0].startswith(f"<Benchmark of '{files[0]}' on ")
    assert said[1].startswith(f"<Compared: {answer.verdict}")
    assert said[2] == "<Judgement: fail, 2 checks>"
    assert said[3].startswith("<Inspection of a file: ")
    assert said[4].startswith(f"<Run {run.id}: {run.decision}, winner ")
    assert all(len(each) < 400 for each in said)


def test_a_run_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(eh.EdgehoneError):
        eh.Run.open("latest", tmp_path / "runs")
