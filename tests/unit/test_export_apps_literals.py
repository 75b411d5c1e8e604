"""Whatever a text holds, the languages that tests can run read it back as it was."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app_kits import AWKWARD

from edgehone.export.apps import _literals

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)


@given(TEXTS)
def test_python_reads_its_literal_back(text: str) -> None:
    assert eval(_literals.python(text)) == text  # noqa: S307 - what is tested


@given(TEXTS)
def test_javascript_reads_its_literal_back(text: str) -> None:
    assert json.loads(_literals.javascript(text).replace("<\\/", "</")) == text
    assert "</" not in _literals.javascript(text)


@given(TEXTS)
def test_octal_escapes_of_c_are_the_bytes_of_the_text(text: str) -> None:
    inside = _literals.cpp(text)[1:-1]
    found = re.sub(rb"\\(\d{3})", lambda m: bytes([int(m[1], 8)]), inside.encode())
    assert found == text.encode()
    assert "?" not in inside


@pytest.mark.parametrize("name", ["kotlin", "swift", "dart"])
@given(text=TEXTS)
def test_no_mark_of_a_language_stands_in_a_literal(name: str, text: str) -> None:
    literal = _literals.LITERALS[name](text)
    assert literal.isascii()
    assert literal[0] == literal[-1] == '"'
    assert not re.search(r'["$\n]', literal[1:-1])
    assert not re.search(r"\\(?!u)", literal[1:-1])
    assert _read_back(literal[1:-1]) == text


def _read_back(inside: str) -> str:
    braced = re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), inside)
    if braced != inside or "\\u" not in inside:
        return braced
    units = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), inside)
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


@given(TEXTS)
def test_a_comment_is_one_line_that_ends_nothing(text: str) -> None:
    found = _literals.comment(text)
    assert len(found.splitlines()) <= 1
    assert not re.search(r"\*/|/\*|\\", found)


@pytest.mark.slow
@given(st.text(max_size=60))
def test_identifiers_are_words_of_letters_that_no_language_reserves(text: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*_model", _literals.identifier(text))
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*Model", _literals.class_name(text))


def test_file_names_that_are_no_text_are_written_all_the_same() -> None:
    odd = b"m\xff".decode("utf-8", "surrogateescape")
    for write in _literals.LITERALS.values():
        write(odd).encode()
    assert _literals.line("a\nb\x00 c") == "a b c"


def test_awkward_names_survive_markdown_as_one_line() -> None:
    for name in AWKWARD:
        assert "\n" not in _literals.markdown(name)
