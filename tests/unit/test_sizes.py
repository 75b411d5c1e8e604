"""The package stays in pieces that can be read: files, functions, commands, and its own listing."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import edgehone

PACKAGE = Path(edgehone.__path__[0])
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 50
LINES_OF_A_COMMAND = 80
MODULES_OF_THE_ROOT = 7
FOLDERS_OF_THE_ROOT = 20
FILES_OF_A_PREFIX = 3
"""Modules of one folder whose names begin alike; more of them are a folder of that name."""


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _functions(text: str) -> Iterator[tuple[str, int]]:
    """Every function of a file, methods and inner ones too, with its lines from def to its end."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def test_functions_are_counted_from_def_to_their_last_line() -> None:
    text = "class A:\n    @property\n    def b(\n        self,\n    ) -> int:\n        return 1\n"
    assert list(_functions(text)) == [("b", 4)]


def test_no_file_of_the_package_is_too_long() -> None:
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    assert {str(f): n for f in files if (n := _lines(f)) > LINES_OF_A_FILE} == {}


def test_no_function_of_the_package_is_too_long() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {name}": lines
        for path in PACKAGE.rglob("*.py")
        for name, lines in _functions(path.read_text())
    }
    assert {name: lines for name, lines in found.items() if lines > LINES_OF_A_FUNCTION} == {}


def test_the_file_of_a_command_holds_little() -> None:
    from edgehone.cli.app import PANELS

    files = [Path(str(each.__file__)) for _, modules in PANELS for each in modules]
    assert {file.name: n for file in files if (n := _lines(file)) >= LINES_OF_A_COMMAND} == {}


def test_the_root_lists_few_modules_and_folders() -> None:
    modules = [each.stem for each in PACKAGE.glob("[!_]*.py")]
    folders = [each.parent.name for each in PACKAGE.glob("*/__init__.py")]
    assert len(modules) <= MODULES_OF_THE_ROOT, modules
    assert len(folders) <= FOLDERS_OF_THE_ROOT, folders


def test_names_that_begin_alike_are_a_folder() -> None:
    counts = Counter(
        (str(path.parent.relative_to(PACKAGE)), path.stem.lstrip("_").partition("_")[0])
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    )
    assert len({folder for folder, _ in counts}) > 30
    assert {key: n for key, n in counts.items() if n > FILES_OF_A_PREFIX} == {}
