import json
import os
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import pytest
from tests import tiny_models

from edgehone.cli.app import PANELS, main
from edgehone.cli.failures import translated
from edgehone.errors import ConfigError, StorageError, UsageError

COMMANDS = [
    "app",
    "bench",
    "bundle",
    "compare",
    "compress",
    "demo",
    "devices",
    "doctor",
    "export",
    "gate",
    "init",
    "inspect",
    "repack",
    "release",
    "report",
    "run",
    "runs",
    "targets",
    "techniques",
    "verify",
]


@pytest.mark.slow
def test_every_command_of_the_contract_is_there_and_explains_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {
        getattr(module, "NAME", module.__name__.rpartition(".")[2])
        for _, modules in PANELS
        for module in modules
    }
    assert names == set(COMMANDS)
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        shown = capsys.readouterr().out
        assert "--json" in shown
        assert main([name, "-h"]) == 0
        assert capsys.readouterr().out == shown


def test_wrong_usage_ends_in_two_lines_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benhc"]) == 2
    text = capsys.readouterr()
    assert text.out == ""
    assert [line.partition(":")[0] for line in text.err.splitlines()] == ["error", "hint"]
    assert main(["bench"]) == 2
    assert "edgehone bench --help" in capsys.readouterr().err
    assert main(["bench", "--no-such-option"]) == 2


def test_a_failure_with_json_is_one_document_on_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["report", "--json", "--folder", str(tmp_path)])
    text = capsys.readouterr()
    assert json.loads(text.out)["error"]["exit_code"] == code == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["bench"],
        ["benhc"],
        ["bench", "missing.tflite"],
        ["bench", "missing.tflite", "--no-such-option"],
        ["gate", "missing.toml", "missing.tflite"],
        ["compare", "a.tflite"],
        ["inspect", "model.pkl"],
        ["repack", "model.keras", "-o", "out.keras"],
        ["export", "model.keras", "-o", "out", "--precision", "int7"],
        ["compress", "model.keras", "missing.toml", "-o", "out"],
        ["run"],
        ["report", "latest"],
        ["devices", "add", "pi", "nothing", "local"],
        ["techniques", "magic"],
        ["doctor", "more"],
    ],
    ids=" ".join,
)
def test_a_failure_with_json_is_told_on_stderr_too(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main([*words, "--json"])
    text = capsys.readouterr()
    error = json.loads(text.out)["error"]
    assert code == error["exit_code"] != 0
    lines = [line for line in text.err.splitlines() if line.startswith(("error: ", "hint: "))]
    assert lines == [f"error: {error['message']}", f"hint: {error['hint']}"]


def test_what_an_export_could_not_make_is_told_on_stderr_beside_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(tiny_models.dense(tmp_path)), "-o", str(tmp_path / "out")]
    assert main([*words, "--require", "int8", "--json"]) == 5
    text = capsys.readouterr()
    (skipped,) = json.loads(text.out)["skipped"]
    assert f"error: tflite float32 was not made: {skipped['reason']}" in text.err
    assert f"hint: {skipped['hint']}" in text.err


def test_a_device_that_fails_beside_others_is_told_on_stderr_beside_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", str(tiny_models.dense(tmp_path)), "--on", "local@scripted://"]
    lost = tmp_path / "lost.json"
    lost.write_text(json.dumps({"answers": [{"stdout": "", "exit_code": 255}]}))
    assert main([*words, "--on", f"arm-cpu@scripted://{lost}", "--json"]) == 4
    text = capsys.readouterr()
    (failed,) = json.loads(text.out)["lost"]
    assert f"error: {failed['device']} failed: {failed['message']}" in text.err


def test_a_traceback_is_shown_only_with_debug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.tflite")
    assert main(["bench", missing]) == 5
    assert "Traceback" not in capsys.readouterr().err
    assert main(["--debug", "bench", missing]) == 5
    assert "Traceback" in capsys.readouterr().err
    assert main(["bench", missing, "--debug"]) == 5
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--json"],
        ["--json", "benhc"],
        ["benhc", "--json", "more"],
        ["--json", "bench", "missing.tflite"],
        ["bench", "--json", "--no-such-option", "missing.tflite"],
        ["bench", "--no-such-option=3", "missing.tflite", "--json"],
        ["bench", "missing.tflite", "--json", "--blocks"],
        ["bench", "missing.tflite", "--json", "--blocks", "0"],
        ["bench", "--json"],
        ["devices", "ad", "pi", "--json"],
        ["devices", "--json", "add", "pi", "nothing", "local"],
        ["--json", "devices", "add", "pi", "nothing", "local"],
        ["export", "model.keras", "--json", "-o"],
    ],
    ids=" ".join,
)
def test_a_failure_is_a_document_wherever_json_stands(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main(words)
    text = capsys.readouterr()
    assert json.loads(text.out)["error"]["exit_code"] == code != 0
    assert "Traceback" not in text.err


@pytest.mark.parametrize("words", [["bench", "--", "--json"], ["bench", "a", "--data", "--json"]])
def test_a_value_that_reads_json_is_no_option(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) != 0
    assert capsys.readouterr().out == ""


def test_json_before_the_command_is_the_same_as_after_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["targets", "--json"]) == 0
    after = capsys.readouterr().out
    assert main(["--json", "targets"]) == 0
    assert capsys.readouterr().out == after
    json.loads(after)


@pytest.mark.parametrize(
    "words",
    [
        ["--debug", "benhc"],
        ["benhc", "--debug"],
        ["bench", "--no-such-option", "--debug"],
        ["bench", "--debug", "--blocks"],
        ["devices", "add", "pi", "nothing", "local", "--debug"],
        ["devices", "--debug", "add", "pi", "nothing", "local"],
    ],
    ids=" ".join,
)
def test_a_traceback_is_shown_wherever_debug_stands(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "Traceback" in capsys.readouterr().err


def test_wrong_usage_names_the_help_of_the_command_that_it_is_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--debug", "devices", "add"]) == 2
    assert "See edgehone devices add --help." in capsys.readouterr().err


def test_our_own_errors_pass_through_and_others_are_put_into_words() -> None:
    ours = ConfigError("what", "do this")
    assert translated(ours) is ours
    missing = translated(ModuleNotFoundError("no", name="tensorflow.python"))
    assert isinstance(missing, UsageError)
    assert '".[compress]"' in missing.hint
    strange = translated(KeyError("x" * 1000))
    assert strange.exit_code == 2
    assert "--debug" in strange.hint
    assert "KeyError" in strange.message
    assert len(strange.message) < 300


def test_what_the_system_refuses_is_told_in_words() -> None:
    text = translated(PermissionError(13, "Permission denied", "secret/net.tflite"))
    assert isinstance(text, StorageError)
    assert text.message == "Cannot use secret/net.tflite: Permission denied."
    assert "free some space" in translated(OSError(ENOSPC, "full")).hint


def test_a_failure_is_two_lines_whatever_a_file_is_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "two\nlines\x1b[31m.tflite"]) == 5
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text


@pytest.mark.parametrize("as_json", [True, False])
def test_results_that_cannot_be_written_are_no_traceback(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["targets", *(["--json"] if as_json else [])]) == 2
        assert "disk is full" in capfd.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("edgehone ")


def imported_by(arguments: list[str]) -> set[str]:
    """Top-level packages that a child running the command has imported at its end."""
    program = (
        "import sys; from edgehone.cli.app import main; code = main(sys.argv[1:]);"
        "print(' '.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr);"
        "sys.exit(code)"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": ""},  # without adb, whose server would stay
    )
    return set(child.stderr.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    heavy = {"tensorflow", "keras", "numpy", "pydantic", "sqlalchemy", "rich", "altair", "onnx"}
    assert not imported_by(["--help"]) & heavy


@pytest.mark.slow
@pytest.mark.parametrize("command", ["targets", "devices", "runs", "doctor"])
def test_commands_about_devices_and_history_never_load_tensorflow(command: str) -> None:
    assert not imported_by([command, "--json"]) & {"tensorflow", "keras"}
