"""JSON and TOML within bounds: answered at once, with values or a sentence."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.config.template import template
from edgehone.system.bounds import JSON_DEPTH, TABLES_BYTES, TOML_DEPTH, BeyondBoundsError
from edgehone.system.parsing import json_of, json_text, toml_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@given(VALUES)
def test_json_is_what_python_reads(value: Any) -> None:
    text = json.dumps(value)
    assert json_of(text) == json_of(text.encode()) == json_text(text, 10**6) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, f"{JSON_DEPTH} levels"),
        ('{"a":' * 5000 + "1" + "}" * 5000, f"{JSON_DEPTH} levels"),
        ("9" * 5000, "4300 digits"),
        ("[" + "1," * 600 + "1]", "1 KiB of JSON"),
    ],
)
def test_json_beyond_bounds_is_refused(text: str, message: str) -> None:
    most = 10**6 if len(text) > 2000 else 1024
    with pytest.raises(BeyondBoundsError, match=message):
        json_of(text, most)


def test_json_of_infinities_is_read_unless_it_must_be_finite() -> None:
    assert json_of("[-Infinity]") == [float("-inf")]
    with pytest.raises(ValueError, match=r"expected value|invalid number"):
        json_of("[-Infinity]", finite=True)


def test_halves_of_characters_become_marks() -> None:
    assert json_text('"\\udcff \\ud83d\\ude00 \\ud83d"', 100) == "? 😀 ?"


@pytest.mark.parametrize(
    "text",
    [
        template(),
        'a = "' + "." * 500 + '"',
        "a = '" + "[" * 500 + "'",
        'a = """\n' + "[[[.\n" * 200 + '"""',
        "# " + "a." * 500,
        "a = [" + "[1], " * 5000 + "]",
        "a.\"b.c\".'d' = 1.5",
        "\n".join(f"a.b.k{number} = 1.25" for number in range(300)),
        'a = "\\\\"\nb = "\\""',
    ],
)
def test_toml_is_what_tomllib_reads(text: str) -> None:
    assert toml_of(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".".join(["a"] * 50_000) + " = 1", f"{TOML_DEPTH} parts"),
        ("[" + ".".join(["a"] * 50_000) + "]", f"{TOML_DEPTH} parts"),
        ("a = {" + ".".join(["a"] * 50_000) + " = 1}", f"{TOML_DEPTH} parts"),
        ('"a"' + " . 'b'" * 5000 + " = 1", f"{TOML_DEPTH} parts"),
        ("a = " + "[" * 50_000, f"{TOML_DEPTH} brackets"),
        ("a = " + "{b = " * 50_000, f"{TOML_DEPTH} brackets"),
        ("a = " + "9" * 5000, "4300 digits"),
        ("#" * (TABLES_BYTES + 1), "1 MiB of TOML"),
    ],
)
def test_toml_beyond_bounds_is_refused(text: str, message: str) -> None:
    with pytest.raises(BeyondBoundsError, match=message):
        toml_of(text)


def test_toml_says_in_which_line() -> None:
    with pytest.raises(BeyondBoundsError, match=r"line 3\)"):
        toml_of("a = 1\nb = 2\nc = " + "[" * 100)
