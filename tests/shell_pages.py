"""Pages that a reader types from: their files and commands in order, and what each may show.

Marks are comments above a block, which no reader sees:

    <!-- file: train.py -->   the block is a file of this name
    <!-- exit: 1 -->          the block's last command ends with this code; 0 without the mark;
                              "0 or 3": with one of them, as the device has it
    <!-- needs: a board -->   the block is not run: it needs what no test has
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>file|exit|needs): (?P<value>.+?) -->\n)?"
    r"^```(?P<kind>[a-z]*)\n(?P<text>.*?)^```$",
    re.M | re.S,
)
WORD = re.compile(r"\b[A-Za-z_]{3,}\b")  # not the letters of a hash
MOODS = frozenset(
    WORD.findall(
        "valid noisy contended throttled faster slower same inconclusive emulated: "
        "stop them and measure again, other programs had the CPU of the time, busiest"
    )
)
"""Words of a verdict on the machine, which differ from one hour to the next."""
LIMIT_S = 900


@dataclass(frozen=True)
class Written:
    """A file that the page tells to write."""

    name: str
    text: str


@dataclass(frozen=True)
class Typed:
    """A command, what the page shows of its output, and the exit codes it may end with. needs:
    what no test has, so that it cannot be run here.
    """

    command: str
    shown: tuple[str, ...]
    exit_codes: tuple[int, ...]
    needs: str


def steps(page: str) -> Iterator[Written | Typed]:
    """What a reader of the page does, in order."""
    for block in BLOCK.finditer(page):
        mark, value = block["mark"] or "", block["value"] or ""
        if mark == "file":
            yield Written(value, block["text"])
        elif block["kind"] == "console":
            yield from _typed(block["text"], mark, value)


def _typed(text: str, mark: str, value: str) -> Iterator[Typed]:
    joined = text.replace("\\\n", " ").removeprefix("$ ")
    parts = [part.splitlines() for part in joined.split("\n$ ") if part.strip()]
    for number, (command, *shown) in enumerate(parts, 1):
        last = number == len(parts)
        yield Typed(
            " ".join(command.split()),
            tuple(line for line in shown if line.strip() not in ("", "...")),
            tuple(map(int, value.split(" or "))) if mark == "exit" and last else (0,),
            value if mark == "needs" else "",
        )


OWN = Path(sys.executable).parent
"""Where `edgehone` and `python` are that are started as a reader starts them."""


def environment(home: Path, programs: Path = OWN) -> dict[str, str]:
    """Of a reader whose home is new, and to whom `edgehone` and `python` are this program's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EDGEHONE", "XDG", "GITHUB"))}
    path = os.pathsep.join(map(str, (programs, OWN, kept["PATH"])))
    return kept | {
        "HOME": str(home),
        "PATH": path,
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
        "BROWSER": "true",
    }


def follow(page: str, folder: Path, variables: Mapping[str, str]) -> list[str]:
    """Do what the page says in a folder; all that went otherwise than the page says."""
    wrong: list[str] = []
    for step in steps(page):
        if isinstance(step, Written):
            place = folder / step.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(step.text)
        elif not step.needs:
            wrong += _run(step, folder, variables)
    return wrong


def _run(step: Typed, folder: Path, variables: Mapping[str, str]) -> list[str]:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", step.command],  # noqa: S607  the reader's shell
        cwd=folder,
        env=dict(variables),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    text = done.stdout + done.stderr
    if done.returncode not in step.exit_codes:
        wanted = " or ".join(map(str, step.exit_codes))
        return [f"$ {step.command}\nended with {done.returncode}, not {wanted}:\n{text}"]
    words = {*WORD.findall(text), *MOODS}
    unlike = [line for line in step.shown if not words.issuperset(WORD.findall(line))]
    return [f"$ {step.command}\nprints no such line: {line}\n{text}" for line in unlike]
