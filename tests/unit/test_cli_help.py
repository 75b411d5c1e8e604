"""Help reads as manuals do, on a terminal as in a pipe, and nothing in it is taken for markup."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from edgehone.cli.app import build, main

PROGRAM = [sys.executable, "-m", "edgehone"]


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and the words that name it."""

    def below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from below(f"{words} {name}".strip(), child)

    yield from below("", typer.main.get_command(build()))


def on_a_terminal(words: list[str]) -> tuple[str, int]:
    """What a program prints on a terminal of 80 columns, and its exit code."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color"}
    with subprocess.Popen(
        [*PROGRAM, *words], stdin=follower, stdout=follower, stderr=follower, env=environment
    ) as child:
        os.close(follower)
        shown = bytearray()
        try:
            while chunk := os.read(leader, 4096):
                shown += chunk
        except OSError:  # what a terminal says when its last writer has gone
            pass
        os.close(leader)
    return shown.decode().replace("\r\n", "\n"), child.returncode


def test_the_bare_program_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    help_text = capsys.readouterr().out
    assert main([]) == 0
    text = capsys.readouterr()
    assert text.out == help_text
    assert text.err == ""
    assert main(["--debug"]) == 0
    assert capsys.readouterr().out == help_text


def test_the_bare_program_prints_the_same_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([]) == 0
    assert on_a_terminal([]) == (capsys.readouterr().out, 0)


def test_help_on_a_terminal_keeps_what_is_in_brackets() -> None:
    shown, code = on_a_terminal(["gate", "--help"])
    assert code == 0
    assert "[[budget]]" in shown
    assert "[data]" in shown


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=lambda given: str(given)[:20])
def test_help_follows_the_conventions_of_manuals(
    words: str, command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert re.findall(r"[<{][a-z ]|<=|\]\.\.\.\]|\[\[[A-Z]", shown) == []
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert not any(line.endswith("...") for line in shown.splitlines()[1:])
    letters = "".join(shown.split())  # lines may break at a hyphen
    for parameter in command.params:
        assert "".join((parameter.help or "").split()) in letters
    for below in getattr(command, "commands", {}).values():
        assert "".join(below.help.partition("\n\n")[0].split()) in letters


def test_options_that_take_a_value_say_what_it_is() -> None:
    nameless = [
        f"{words} {parameter.opts[0]}"
        for words, command in commands()
        for parameter in command.params
        if parameter.param_type_name == "option"
        and not (parameter.is_flag or parameter.metavar)
        and getattr(parameter, "max", None) is None
    ]
    assert nameless == []


def test_the_script_that_completes_commands_is_printed_with_exit_code_0() -> None:
    for words in (["--show-completion", "bash"], ["--show-completion"]):
        shell = ["bash", "--norc", "-c", '"$@"; exit $?', "bash", *PROGRAM, *words]
        found = subprocess.run(shell, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stderr) == (0, "")
        assert "complete" in found.stdout


@pytest.mark.slow
def test_a_reader_that_goes_ends_the_program_as_a_closed_pipe() -> None:
    words = " ".join(PROGRAM)
    for command in ("targets", "--help", "--show-completion"):
        script = f"set -o pipefail; ({words} {command}; echo $? >&2) | true"
        found = subprocess.run(
            ["/bin/bash", "--norc", "-c", script], capture_output=True, text=True, check=False
        )
        assert found.stderr.split() in (["141"], ["0"])  # 0: written before the reader went
