"""Options that nothing would come of are wrong usage, before any file of theirs is looked for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests import tiny_models

from edgehone.cli.app import main

SIZE = '[[budget]]\nmetric = "size_bytes"\nmax = "1 MiB"\n'
TIME = '[[budget]]\nmetric = "latency_p50_ms"\nmax = "1 s"\n'
ACCURACY = '[[budget]]\nmetric = "accuracy"\nmin = "50 %"\n'
SCRIPTED = ("--on", "local@scripted://")
GONE = "not-there.npz"


def _gate(budgets: str, *words: str, files: bool = True) -> Callable[[Path], list[str]]:
    def make(folder: Path) -> list[str]:
        (folder / "budgets.toml").write_text(budgets)
        named = [str(tiny_models.dense(folder))] if files else []
        return ["gate", str(folder / "budgets.toml"), *named, *words]

    return make


def _of_run(*words: str) -> Callable[[Path], list[str]]:
    return _gate(SIZE, "--run", "latest", *words, files=False)


def _with(command: str, *words: str, times: int = 1) -> Callable[[Path], list[str]]:
    def make(folder: Path) -> list[str]:
        return [command, *[str(tiny_models.dense(folder))] * times, *words]

    return make


def _export(*words: str) -> Callable[[Path], list[str]]:
    return _with("export", "-o", "out", *words)


@pytest.mark.parametrize(
    ("make", "option"),
    [
        (_of_run("--data", GONE), "--data"),
        (_of_run("--baseline", GONE), "--baseline"),
        (_of_run("--scale", "0.5"), "--scale"),
        (_of_run("--offset", "1"), "--offset"),
        (_of_run("--seed", "3"), "--seed"),
        (_of_run("--config", "edgehone.toml"), "--config"),
        (_of_run("--calibrate", "3"), "--run"),
        (_of_run("--on", "local", "--data", GONE), "--data"),
        (_of_run("--baseline", "release", "--why"), "--why"),
        (_gate(SIZE, "--data", GONE), "--data"),
        (_gate(SIZE, "--baseline", GONE), "--baseline"),
        (_gate(SIZE, "--scale", "0.5"), "--scale"),
        (_gate(SIZE, "--seed", "0"), "--seed"),
        (_gate(TIME, "--baseline", GONE, *SCRIPTED), "--baseline"),
        (_gate(ACCURACY, "--baseline", GONE, "--data", GONE), "--baseline"),
        (_gate(TIME, "--offset", "1", *SCRIPTED), "--offset"),
        (_gate(TIME, "--calibrate", "3", "--junit", "x.xml"), "--junit"),
        (_gate(TIME, "--calibrate", "3", "--markdown", "x.md"), "--markdown"),
        (_gate(TIME, "--calibrate", "3", "--data", GONE), "--data"),
        (_gate(TIME, "--calibrate", "3", "--baseline", GONE), "--baseline"),
        (_gate(TIME, "--calibrate", "3", "--scale", "2"), "--scale"),
        (_with("bench", "--scale", "0.5", *SCRIPTED), "--scale"),
        (_with("bench", "--offset", "1", *SCRIPTED), "--offset"),
        (_with("compare", "--scale", "0.5", *SCRIPTED, times=2), "--scale"),
        (lambda _: ["run", "other.toml", "--resume", "latest"], "PROJECT"),
        (_export("--samples", "9"), "--samples"),
        (_export("--scale", "0.5"), "--scale"),
        (_export("--worst-as", "int16x8"), "--worst-as"),
        (_export("--percentile", "99.9"), "--percentile"),
        (_export("--symmetric"), "--symmetric"),
        (_export("--algorithm", "mse"), "--algorithm"),
        (_export("--block", "32"), "--block"),
        (_export("--io", "int8"), "--io"),
        (_export("--float-worst", "30dB", "--calibration", GONE), "--float-worst"),
        (_export("--trust"), "--trust"),
        (_export("--custom", "python:mine"), "--custom"),
    ],
)
def test_an_option_without_effect_is_wrong_usage(
    make: Callable[[Path], list[str]],
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(make(tmp_path)) == 2
    text = capsys.readouterr().err
    assert f"error: {option} has no effect " in text
    assert text.count("hint:") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "baseline"])
def test_files_that_an_option_names_are_looked_for_where_it_has_an_effect(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop = '[[budget]]\nmetric = "accuracy_drop"\nmax = "1 point"\n'
    other = tiny_models.dense(tmp_path, "int8", "other")
    both = {"data": "digits", "baseline": str(other)}
    both[name] = str(tmp_path / "gone.tflite")
    words = [word for key, value in both.items() for word in (f"--{key}", value)]
    assert main(_gate(drop, *words, *SCRIPTED)(tmp_path)) in (2, 5)
    assert both[name] in capsys.readouterr().err


def test_what_the_environment_says_is_no_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEHONE_RUNS", str(tmp_path / "runs"))
    assert main(_gate(SIZE)(tmp_path)) == 0
