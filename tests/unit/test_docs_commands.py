"""Commands and options that the documentation names exist, each option with its command."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from edgehone.cli.app import build

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "generated" not in p.parts),
    *sorted((ROOT / "examples").rglob("*.md")),
    *sorted((ROOT / "benchmarks").rglob("*.md")),
]
FENCED = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
PROGRAM = re.compile(r"(?:^|[;&|($] *)(?:\S*/)?edgehone((?: [^|;&#`]+)?)")
PLACEHOLDER = re.compile(r"[A-Z][A-Z…]*|…|\.\.\.")


def code(page: str) -> Iterator[str]:
    """Lines of code of a page and its spans of code, lines that a backslash goes on joined."""
    for block in FENCED.findall(page):
        yield from re.sub(r"\\\n\s*", " ", block).splitlines()
    yield from (" ".join(found.split()) for found in SPAN.findall(FENCED.sub("", page)))


def options_of(command: Any) -> set[str]:
    """The options of one command."""
    found = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    return {*found, "--help"}


def everywhere(command: Any) -> set[str]:
    """The options of a command and of all below it."""
    below = (everywhere(each) for each in getattr(command, "commands", {}).values())
    return options_of(command).union(*below)


def wrong(line: str, root: Any) -> list[str]:
    """What a line of code names that does not exist."""
    found = []
    for words in PROGRAM.findall(line):
        command, known = root, options_of(root)
        for word in words.split():
            name = word.strip("\"',.:)")
            if name == "--":  # what follows are arguments, whatever they look like
                break
            below = getattr(command, "commands", {})
            if name.startswith("--"):
                option = name.partition("=")[0]
                found += [] if option in known else [f"{line}: {option}"]
            elif name in below:
                command = below[name]
                known |= options_of(command)
            elif command is root and not PLACEHOLDER.fullmatch(name):
                found.append(f"{line}: {name}")
                break
    return found


@pytest.fixture(scope="module")
def root() -> Any:
    return typer.main.get_command(build())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_names_exist_with_their_options(page: Path, root: Any) -> None:
    lines = [line for line in code(page.read_text()) if not line.startswith(("python:", "import "))]
    commands = [line for line in lines if PROGRAM.search(line)]
    assert [each for line in commands for each in wrong(line, root)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_that_a_page_names_alone_exist(page: Path, root: Any) -> None:
    scripts = [path.read_text() for path in page.parent.glob("*.py")]  # a study has its own
    known = everywhere(root).union(*(OPTION.findall(text) for text in scripts))
    alone = [line for line in code(page.read_text()) if line.startswith("--")]
    assert [name for line in alone for name in OPTION.findall(line) if name not in known] == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("edgehone run --fresh", []),
        ("edgehone --debug run && edgehone devices add pi T A --replace", []),
        ("edgehone run --frech", ["--frech"]),
        ("edgehone devices add --fresh", ["--fresh"]),
        ("edgehone benhc a.tflite", ["benhc"]),
        ("edgehone gate b.toml --junit=x.xml | tee log --append", []),
        ("edgehone COMMAND --help", []),
    ],
)
def test_what_does_not_exist_is_found(line: str, text: list[str], root: Any) -> None:
    assert [each.rpartition(": ")[2] for each in wrong(line, root)] == text
