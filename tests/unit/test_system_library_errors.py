"""Messages of other people's libraries, as they are told."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main

import edgehone
from edgehone.cli.app import build
from edgehone.system.library_errors import parted, sentence, shortened

PACKAGE = Path(edgehone.__file__).parent
OTHERS_PROGRAMS = ("runners", "devices", "apps")
"""Folders whose options are those of pip, compilers, ssh, cmake and the like."""


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            "gather index out of boundsNode number 4 (GATHER) failed to invoke.",
            "gather index out of bounds. Node number 4 (GATHER) failed to invoke.",
        ),
        (
            "reshape.cc:85 num_input_elements != num_output_elements (1 != 2)Node number 0 "
            "(RESHAPE) failed to prepare.Failed to apply the default delegate indexed at 0.",
            "reshape.cc:85 num_input_elements != num_output_elements (1 != 2). Node number 0 "
            "(RESHAPE) failed to prepare. Failed to apply the default delegate indexed at 0.",
        ),
        ("It has rank 3.Received: 4", "It has rank 3. Received: 4"),
        (
            "a tf.Variable, a keras.Model and Model.fit",
            "a tf.Variable, a keras.Model and Model.fit",
        ),
        ("\x1b[1mOne\x1b[0m\n\nArguments received", "One"),
        ("Exception encountered when calling LSTM.call().\n\nIt is  so.", "It is so."),
        (
            "Graph execution error:\n\nDetected at node net/take (most recent call last):"
            '\n  File "net.py", line 7, in <module>\n\nindices[0,0] = 77 is not in [0, 4)'
            "\n\t [[{{node net/take}}]] [Op:__inference_one_step_57]",
            "indices[0,0] = 77 is not in [0, 4)",
        ),
        ("{{function_node __wrapped__Take}} 77 is too much [Op:Take]", "77 is too much"),
        (
            "<class 'keras.Dense'> could not be deserialized properly.\n\nconfig={}\n\n"
            "Exception encountered: units must be positive",
            "units must be positive",
        ),
        ("Two are wrong:\n  a\n  b", "Two are wrong: a"),
        ("", ""),
    ],
)
def test_a_message_is_one_line_of_whole_sentences(message: str, text: str) -> None:
    assert sentence(message) == text
    assert parted(parted(message)) == parted(message)


def test_an_error_without_words_is_told_by_its_kind() -> None:
    assert sentence(KeyError()) == "KeyError"
    assert sentence(ValueError("so")) == "so"


def test_long_messages_are_cut_between_words() -> None:
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one two three", 13) == "one two three"
    assert shortened("onetwothree", 5) == "onet…"


def modules() -> Iterator[Path]:
    found = sorted(PACKAGE.rglob("*.py"))
    assert len(found) > 100
    yield from found


def test_texts_in_pieces_keep_the_blanks_between_words() -> None:
    """Literals one below the other: one must end, or the next begin, with what is not a letter."""
    lost = []
    for path in modules():
        for first, second in pairwise(path.read_text().splitlines()):
            left = re.search(r"[\"'](.*[\w.,;:!?}])[\"']$", first)
            right = re.match(r"\s*[fr]{0,2}[\"']([^\W_].*)", second)
            if left and right and not re.search(r"\\[ntr]$", left[1]):
                lost.append(f"{path.name}: {left[1][-20:]}|{right[1][:20]}")
    assert lost == []


def options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for each in getattr(command, "commands", {}).values():
        yield from options(each)


@pytest.mark.slow
def test_no_text_names_an_option_that_no_command_has() -> None:
    known = {*options(typer.main.get_command(build())), "--help"}
    assert {"--batch", "--recurrent", "--trust"} <= known
    unknown: list[str] = []
    for path in (path for path in modules() if path.parent.name not in OTHERS_PROGRAMS):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = re.findall(r"(?<![\w\"'-])--[a-z][\w-]*", node.value)
                unknown += [f"{path.name}: {name}" for name in named if name not in known]
    assert unknown == []
