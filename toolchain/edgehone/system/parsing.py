"""Texts of JSON and TOML as values, never beyond bounds of length, depth and digits."""

import re
import tomllib
from typing import Any

from pydantic_core import from_json

from edgehone.system.bounds import (
    DESCRIPTION_BYTES,
    DIGITS,
    JSON_DEPTH,
    TABLES_BYTES,
    TOML_DEPTH,
    BeyondBoundsError,
    bytes_text,
)

_TOML_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*+"'
    r"|'[^'\n]*+'"
    r"|#[^\n]*+"
    r"|[\[\]{}.=,\n]",
    re.DOTALL,
)
"""What decides how deep a TOML text goes; texts and comments are passed over whole."""

_HALF_PAIRS = re.compile(
    r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""Escapes of half a character: so Python's JSON writes bytes that are no UTF-8."""


def json_of(text: str | bytes, most: int = DESCRIPTION_BYTES, *, finite: bool = False) -> Any:
    """The value of a JSON text of at most so many bytes; finite: without NaN and infinities, which
    Python writes and JSON does not have.

    Raises ValueError, whose text says why, for anything else; BeyondBoundsError for what is too
    long or too deep.
    """
    if len(text) > most:
        raise BeyondBoundsError(f"more than {bytes_text(most)} of JSON")
    try:
        return from_json(text, allow_inf_nan=not finite)
    except ValueError as error:
        if "recursion limit" in str(error):
            raise BeyondBoundsError(f"JSON of more than {JSON_DEPTH} levels") from error
        if "number out of range" in str(error):
            message = f"an integer of more than {DIGITS} digits"
            raise BeyondBoundsError(message) from error
        raise


def json_text(line: str, most: int, *, finite: bool = False) -> Any:
    """The value of a text of JSON, as `json_of`; half characters in it become "?"."""
    if "\\ud" in line or "\\uD" in line:
        line = _HALF_PAIRS.sub("?", line)
    return json_of(line, most, finite=finite)


def toml_of(text: str) -> dict[str, Any]:
    """The tables of a TOML text, which some editors begin with a byte order mark. Raises ValueError
    as `json_of` does.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > TABLES_BYTES:
        raise BeyondBoundsError(f"more than {bytes_text(TABLES_BYTES)} of TOML")
    _require_flat(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        if "integer string conversion" in str(error):
            message = f"an integer of more than {DIGITS} digits"
            raise BeyondBoundsError(message) from error
        raise


def _require_flat(text: str) -> None:
    """Refuse deep brackets, and keys of many parts, of which tomllib takes the square in time."""
    depth = parts = 0
    for found in _TOML_TOKENS.finditer(text):
        match found[0]:
            case "[" | "{":
                depth, parts = depth + 1, 0
            case "]" | "}":
                depth, parts = max(0, depth - 1), 0
            case ".":
                parts += 1
            case "=" | "," | "\n":
                parts = 0
        if max(depth, parts) > TOML_DEPTH:
            what = "brackets" if depth >= parts else "parts of a key"
            line = text.count("\n", 0, found.start()) + 1
            message = f"more than {TOML_DEPTH} {what} within one another (line {line})"
            raise BeyondBoundsError(message)
