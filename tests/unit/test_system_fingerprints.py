"""What is looked up by users' code is made again once the code is another."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgehone.run.cache import MemoryCache
from edgehone.store import Store
from edgehone.system.fingerprints import fingerprint, with_code

MINE = """
from mine_base import Base
import mine_numbers

KINDS = {'a', 'b', 'c', 'd', 'e'}

class Mine(Base):
    def apply(self, x):
        return x in {'p', 'q', 'r', 's', 't'} and mine_numbers.FACTOR * x

def score(y, outputs):
    return 1.0
"""
BASE = "class Base:\n    factor = 2\n"
NUMBERS = "FACTOR = 3\n"
FILES = {"mine": MINE, "mine_base": BASE, "mine_numbers": NUMBERS}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Writes the user's modules, some with other text, as if the program was begun anew."""
    monkeypatch.chdir(tmp_path)

    def written(**texts: str) -> None:
        for name, text in {**FILES, **texts}.items():
            Path(f"{name}.py").write_text(text)
            sys.modules.pop(name, None)
        importlib.invalidate_caches()

    written()
    yield written
    for name in FILES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("python:mine:Mine", "mine", MINE.replace("'t'", "'u'")),
        ("python:mine:Mine(x=1)", "mine_base", BASE.replace("2", "4")),
        ("python:mine:Mine", "mine_numbers", NUMBERS.replace("3", "5")),
        ("python:mine:score", "mine", MINE.replace("1.0", "0.5")),
        ("python:mine", "mine", MINE + "\n"),
    ],
)
def test_edited_code_has_another_fingerprint(
    write: Callable[..., None], name: str, file: str, text: str
) -> None:
    before = fingerprint(name)
    write()
    assert fingerprint(name) == before
    write(**{file: text})
    assert fingerprint(name) != before


def test_a_fingerprint_is_the_same_in_every_process(write: Callable[..., None]) -> None:
    code = "from edgehone.system.fingerprints import fingerprint; "
    code += "print(fingerprint('python:mine:Mine'))"
    text = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert text == {fingerprint("python:mine:Mine")}


def test_a_class_without_a_file_has_the_fingerprint_of_its_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for body in ("return 1", "return 1", "return 2"):
        names: dict[str, Any] = {"__name__": "typed_in"}
        exec(f"class Cell:\n    def ask(self):\n        {body}\n", names)  # noqa: S102  as notebooks do
        module = type(sys)("typed_in")
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, "typed_in", module)
        found.append(fingerprint("python:typed_in:Cell"))
    assert found[0] == found[1] != found[2]


def test_code_that_cannot_be_imported_has_none() -> None:
    inputs = {"custom": ["python:no_such_module_of_mine"], "task": {"kind": "regression"}}
    assert with_code(inputs) == inputs


@pytest.mark.parametrize("kind", [MemoryCache, Store])
def test_a_stage_is_made_again_once_the_code_it_names_is_edited(
    write: Callable[..., None], tmp_path: Path, kind: Callable[[Path], Any]
) -> None:
    cache, made = kind(tmp_path / "kept"), list[int]()
    inputs = {"steps": [{"technique": "python:mine:Mine", "settings": {}}]}

    def stage() -> dict[str, int]:
        made.append(len(made))
        return {"n": made[-1]}

    assert cache.stage("compress", inputs, stage) == cache.stage("compress", inputs, stage)
    write(mine=MINE.replace("1.0", "0.5"))
    assert cache.stage("compress", inputs, stage) == {"n": 1}
