"""The library that validates JSON, loaded without the grammars that no schema here needs."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import Any

GRAMMARS = "rfc3987_syntax"
"""Where it is installed, as with Jupyter, jsonschema loads it for the formats "iri" and
"iri-reference": it builds 38 grammars as it is imported, which takes more than a second."""


def library() -> Any:
    """The module jsonschema, with all formats that it usually knows."""
    with _grammars_when_used():
        return importlib.import_module("jsonschema")


@contextmanager
def _grammars_when_used() -> Iterator[None]:
    """What is imported meanwhile gets the grammars' function, but not yet the grammars."""
    if GRAMMARS in sys.modules or "jsonschema" in sys.modules or find_spec(GRAMMARS) is None:
        yield
        return
    standing_in: Any = ModuleType(GRAMMARS)
    standing_in.is_valid_syntax = _is_valid_syntax
    sys.modules[GRAMMARS] = standing_in
    try:
        yield
    finally:
        del sys.modules[GRAMMARS]


def _is_valid_syntax(*given: Any, **named: Any) -> Any:
    return importlib.import_module(GRAMMARS).is_valid_syntax(*given, **named)
