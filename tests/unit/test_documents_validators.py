"""Validating a document loads no grammars; whoever needs them in the same process has them."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from edgehone.documents import shape
assert shape.fault({"a": 1}, {"properties": {"a": {"type": "string"}}}).startswith("a: ")
assert not {"lark", "rfc3987_syntax"} & sys.modules.keys()

import jsonschema
formats = jsonschema.FormatChecker()
found = jsonschema.Draft202012Validator({"format": "iri"}, format_checker=formats)
assert found.is_valid("https://example.org/\\u00e4")
assert not found.is_valid("no iri")
assert "lark" in sys.modules

import rfc3987_syntax
assert rfc3987_syntax.parse("iri", "https://example.org/") is not None
"""


@pytest.mark.slow
def test_grammars_are_loaded_by_whoever_uses_them() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
