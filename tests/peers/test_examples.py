"""Examples use the public API alone; notebooks are kept without outputs, and run to their end."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode, reads

import edgehone

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*/*.ipynb"))
PROGRAMS = sorted(EXAMPLES.glob("*/*.py"))


def opened(path: Path) -> NotebookNode:
    """A notebook as it is kept."""
    found: NotebookNode = reads(path.read_text(), as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    return found


def sources() -> Iterator[tuple[Path, str]]:
    """Every file of the examples, and the code in it."""
    for path in NOTEBOOKS:
        cells = opened(path).cells
        yield path, "\n".join(each.source for each in cells if each.cell_type == "code")
    for path in PROGRAMS:
        yield path, path.read_text()


def test_there_is_a_notebook_for_every_job() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["dev_boards", "phone_apps", "release_gates"]


def test_examples_use_the_public_api_alone() -> None:
    for path, code in sources():
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("edgehone"), path
            if isinstance(node, ast.Import):
                inner = [each.name for each in node.names if each.name.startswith("edgehone.")]
                assert not inner, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "eh" or node.attr in edgehone.__all__, (path, node.attr)


def test_notebooks_are_kept_without_outputs() -> None:
    for path in NOTEBOOKS:
        for cell in opened(path).cells:
            assert not cell.get("outputs"), path
            assert not cell.get("execution_count"), path


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_end(path: Path, tmp_path: Path) -> None:
    notebook = opened(path)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=place).execute()
    shown = [each for cell in notebook.cells for each in cell.get("outputs", ())]
    assert any("text/html" in each.get("data", {}) for each in shown)
    assert not any(each.get("name") == "stderr" and "Error" in each["text"] for each in shown)
