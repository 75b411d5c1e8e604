"""Where words go: results to stdout, everything else to stderr."""

import io
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from edgehone.system.bounds import MESSAGE_CHARACTERS
from edgehone.system.library_errors import shortened
from edgehone.system.visible import visible
from edgehone.values import Plain

if TYPE_CHECKING:  # rich takes 0.1 s to import, which --help and --json need not pay
    from rich.console import Console

PIPED_WIDTH = 200
"""Columns when nothing tells the width (a pipe, a CI log): wide, so that no cell is cut."""


WIDE = 1000
"""Columns where every one is wanted: any table fits, and the terminal scrolls or wraps."""


def console(*, error: bool = False, wide: bool = False) -> "Console":
    """A rich console on stdout (or stderr) that cuts nothing when it is not a terminal."""
    from edgehone.cli.terminal import Terminal

    stream = sys.stderr if error else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    return Terminal(
        file=stream,
        width=WIDE if wide else None if known else PIPED_WIDTH,
        highlight=False,
        soft_wrap=False,
        emoji=False,
        markup=False,  # a file may be called [bold].tflite
    )


def emit(
    value: Plain,
    show: Callable[[Plain, "Console"], None],
    *,
    as_json: bool,
    wide: bool = False,
) -> None:
    """Print one result: as JSON, or for people through `show`; wide: with every column."""
    if as_json:
        document(value)
    else:
        show(value, console(wide=wide))


def document(value: Plain) -> None:
    """Print one JSON document on stdout, with the version of its schema."""
    from edgehone.documents.published import versioned

    sys.stdout.write(json.dumps(versioned(value), indent=2, allow_nan=False) + "\n")


def line(text: str) -> None:
    """Print one line on stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print one line on stderr, whatever is in it: names of files may hold anything."""
    sys.stderr.write(visible(" ".join(text.splitlines())) + "\n")


def failure(message: str, hint: str) -> None:
    """What went wrong and what to do next, on stderr."""
    note(f"error: {shortened(message, MESSAGE_CHARACTERS)}")
    note(f"hint: {hint or 'See edgehone --help.'}")


def tolerate_strange_names() -> None:
    """Let stdout escape what its encoding cannot write, as stderr does, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def flush() -> None:
    """Push out what is buffered, so that a closed pipe shows now and not at exit."""
    sys.stdout.flush()
    sys.stderr.flush()


def abandon() -> None:
    """Stop writing: the reader has gone (`edgehone targets | head -1`)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
