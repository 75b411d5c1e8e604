"""Comparisons are tables on a terminal of 80 columns; --wide shows every column there is."""

import json
from pathlib import Path

import pytest
from tests import tiny_models
from tests.run_document import run_document

from edgehone.cli.app import main
from edgehone.cli.output import console
from edgehone.cli.show.run import show
from edgehone.documents.run.document import RunDocument

SCRIPTED = "local@scripted://"


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(list(words)) in (0, 2)
    return capsys.readouterr().out.splitlines()


def rows(shown: list[str]) -> int:
    """How many lines stand between the rule under a table's heading and the next empty line."""
    rule = next(place for place, line in enumerate(shown) if "──" in line)
    return next(place for place, line in enumerate(shown[rule + 1 :]) if not line.strip())


@pytest.mark.slow
def test_bench_has_a_line_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(tiny_models.dense(tmp_path, p)) for p in ("float32", "int8")]
    shown = lines(capsys, "bench", *files, "--on", SCRIPTED)
    assert all(len(line) <= 80 for line in shown if "more column" not in line)
    assert rows(shown) == 2
    left_out = next(line for line in shown if "with --wide: " in line).partition(": ")[2]
    wide = lines(capsys, "bench", *files, "--on", SCRIPTED, "--wide")
    assert not any("with --wide" in line for line in wide)
    head = " ".join(wide[:5])
    assert all(title in head for title in left_out.split(", "))


def test_a_runs_table_has_a_line_a_model_and_the_verdict_below(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"artifacts": str(tmp_path / "artifacts"), "report": str(tmp_path / "report.html")}
    document = {**run_document(), "lost": [], "warnings": [], **files}
    show(RunDocument.from_json(document), console())
    shown = capsys.readouterr().out.splitlines()
    models = len(document["candidates"]) + len(document["baselines"])
    assert rows(shown) == models
    assert len(shown) < models + 22
    assert any("with --wide or in the report: " in line for line in shown)
    show(RunDocument.from_json(document), console(wide=True))
    assert "with --wide" not in capsys.readouterr().out


def test_a_candidate_in_two_formats_is_counted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"artifacts": str(tmp_path / "artifacts"), "report": str(tmp_path / "report.html")}
    document = {**run_document(), "lost": [], "warnings": [], "finalists": [], **files}
    several = len({each["name"] for each in document["candidates"]})
    twice = {**document, "candidates": [*document["candidates"], *document["candidates"]]}
    for each in (document, twice):
        show(RunDocument.from_json(each), console())
        assert f"{several} candidates measured; " in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["targets", "doctor", "devices", "techniques", "runs"])
def test_lists_fit(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = lines(capsys, command)
    table = [line for line in shown if "──" in line]
    assert all(len(line) <= 80 for line in table)
    assert command == "runs" or table


def test_targets_keep_their_headings_whole(capsys: pytest.CaptureFixture[str]) -> None:
    shown = lines(capsys, "targets")
    assert {"target", "description", "architecture"} <= set(" ".join(shown[:2]).split())
    wide = " ".join(lines(capsys, "targets", "--wide"))
    assert {"threads", "precisions"} <= set(wide.split())


def test_doctor_tells_what_to_do_once_for_all_that_need_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["doctor", "--folder", str(tmp_path), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    shown = lines(capsys, "doctor", "--folder", str(tmp_path))
    for advice in {check["advice"] for check in checks if "Install" in check["advice"]}:
        assert shown.count(f"  {advice}") == 1
    assert len(shown) < len(checks) + 40
