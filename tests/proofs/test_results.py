"""Every proof was run, and passed when it was run last."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.proofs.recording import rows

TESTS = Path(__file__).parents[1]
MARK = "pytest.mark.proof"


def proofs() -> Iterator[str]:
    """The tests that are marked as proofs, as pytest names them."""
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if f"@{MARK}" not in text:
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and MARK in map(ast.unparse, node.decorator_list):
                yield f"{path.relative_to(TESTS.parent).as_posix()}::{node.name}"


def test_every_proof_passed_when_it_was_run_last() -> None:
    found = rows()
    assert not found or sorted(found) == sorted(proofs())  # before the first time, none
    assert [name for name, row in found.items() if "| passed |" not in row] == []
