"""Every command prints a document with `--json`, and each has a published schema that it obeys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from edgehone.cli.app import build, main
from edgehone.documents import SCHEMAS, schema

OTHERS = {"demo": "run"}
"""Commands that print another one's document."""


def commands(command: Any, name: str = "") -> Iterator[str]:
    """All commands below one, the words joined: "devices_add"."""
    for word, each in getattr(command, "commands", {}).items():
        found = f"{name}_{word}".strip("_")
        yield found
        yield from commands(each, found)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_every_command_has_a_schema() -> None:
    found = [OTHERS.get(name, name) for name in commands(typer.main.get_command(build()))]
    assert len(found) > 20
    assert [name for name in found if name not in SCHEMAS] == []


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "")  # without adb, whose server would stay
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["devices", "add", "toy", "arm-cpu", "scripted://"],
        ["devices"],
        ["devices", "setup", "local"],
        ["targets"],
        ["techniques", "prune_channels"],
        ["init"],
    ],
    ids=" ".join,
)
def test_what_is_printed_obeys_the_schema(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = printed(capsys, *words)
    name = "_".join(words[:2]) if words[0] == "devices" else words[0]
    strict = {**schema(name), "additionalProperties": False}
    jsonschema.validate(found, strict)
    assert code == 0


def test_a_failure_obeys_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = printed(capsys, "devices", "forget", "nobody")
    jsonschema.validate(found, schema("error"))
    assert (code, found["error"]["exit_code"]) == (2, 2)
