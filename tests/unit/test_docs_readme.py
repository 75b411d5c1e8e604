"""README is short, and its recording is a small picture of the session that makes it."""

import re
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.unit.test_docs_commands import wrong

from edgehone.cli.app import build

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "docs" / "images" / "session.svg"
SESSION = ROOT / "docs" / "recording" / "session.sh"
TYPED = [
    shlex.split(line)[1] for line in SESSION.read_text().splitlines() if line.startswith('type "')
]


@pytest.fixture(scope="module")
def shown() -> str:
    """All text of the recording, without its spaces."""
    svg = ElementTree.parse(RECORDING)  # noqa: S314  our own file
    return re.sub(r"\s", "", "".join(svg.getroot().itertext()))


def test_readme_is_read_in_minutes() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    assert "](docs/images/session.svg)" in text


def test_the_recording_is_small_and_runs_nothing() -> None:
    assert RECORDING.stat().st_size < 300_000
    assert "<script" not in RECORDING.read_text()


@pytest.mark.parametrize("command", TYPED)
def test_the_recording_shows_the_session_that_makes_it(command: str, shown: str) -> None:
    assert re.sub(r"\s", "", command) in shown
    root: Any = typer.main.get_command(build())
    assert wrong(command, root) == []
