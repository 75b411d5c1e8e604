"""Files of the same content are measured once, and two of them are never called different."""

import shutil
from pathlib import Path

import pytest
from tests import tiny_models
from tests.unit.test_cli_measuring import SCRIPTED, run, valid, write

import edgehone as eh
from edgehone.cli.app import main

NOWHERE = ["--on", "local@ssh://nobody@host.invalid"]
"""A device that nothing can be measured on."""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    model = tiny_models.dense(tmp_path)
    shutil.copy(model, tmp_path / "copy.tflite")
    return str(model), str(tmp_path / "copy.tflite")


@pytest.mark.slow
@pytest.mark.parametrize("second", [0, 1], ids=["the file itself", "a copy"])
def test_equal_files_are_the_same_and_no_device_is_asked(
    second: int, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    both = (files[0], files[second])
    code, found = run(capsys, "compare", *both, *NOWHERE)
    assert valid("compare", found)
    assert (code, found["verdict"], found["ratio"], found["ci95"]) == (0, "same", 1.0, [1.0, 1.0])
    assert found["pairs"] == 0
    assert [each["latency_ms"] for each in found["measurements"]] == [None, None]
    assert [each["verdict"] for each in found["comparisons"]] == ["same"]
    assert main(["compare", *both, *NOWHERE]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "have the same content, so nothing was measured." in shown


@pytest.mark.slow
def test_equal_files_are_the_same_in_python(files: tuple[str, str]) -> None:
    answer = eh.compare(*files, on=NOWHERE[1])
    assert (answer.verdict, answer.ratio, answer.ci95) == ("same", 1.0, (1.0, 1.0))
    assert "same content" in answer.reason
    assert "same content" in answer._repr_html_()


@pytest.mark.slow
def test_equal_files_are_checked_all_the_same(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "compare", *files, "--on", "phone")[0] == 2
    assert run(capsys, "compare", *files, *SCRIPTED, "--data", str(tmp_path / "no.npz"))[0] == 2
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"TFL3" * 9)
    assert run(capsys, "compare", str(damaged), str(damaged), *SCRIPTED)[0] == 5


@pytest.mark.slow
def test_bench_measures_one_file_of_each_content(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tiny_models.dense(Path(files[0]).parent, "int8"))
    given = (files[0], other, *files)
    code, found = run(capsys, "bench", *given, *SCRIPTED, "--blocks", "2")
    assert (code, valid("bench", found)) == (0, True)
    measured = found["measurements"]
    assert [each["artifact"]["path"] for each in measured] == list(given)
    samples = [each["latency_ms"]["samples"] for each in measured]
    assert samples[0] == samples[2] == samples[3] != samples[1]
    assert found["warnings"] == [
        f"{files[0]} was given more than once: it was measured once",
        f"{files[1]} has the content of {files[0]}: it was measured once",
    ]


RELATIVE = 'metric = "latency_p50_ms"\nmax = "+1 %"\nrelative_to = "baseline"'
ABSOLUTE = 'metric = "latency_p50_ms"\nmax = "10 s"'


@pytest.mark.slow
def test_a_file_that_is_its_release_keeps_relative_budgets_and_no_device_is_asked(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = str(write(tmp_path / "b.toml", RELATIVE))
    about = ["--baseline", files[1], "--folder", str(tmp_path / "runs"), *NOWHERE]
    code, found = run(capsys, "gate", budgets, files[0], *about)
    assert (code, found["decision"], valid("gate", found)) == (0, "pass", True)
    assert [each["value"] for each in found["checks"]] == [1.0]


@pytest.mark.slow
def test_a_file_is_measured_once_beside_a_release_of_its_content(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock of an emulated device, or a disturbed one, cannot fail what did not change."""
    budgets = str(write(tmp_path / "b.toml", RELATIVE, ABSOLUTE))
    about = ["--baseline", files[1], "--folder", str(tmp_path / "runs"), *SCRIPTED]
    for _ in range(2):  # measured, then looked up
        _, found = run(capsys, "gate", budgets, files[0], *about)
        assert [each["verdict"] for each in found["checks"]] == ["pass", "inconclusive"]
        assert found["baselines"][0]["latency_ms"] == found["measurements"][0]["latency_ms"]
