"""The parts of runner.c: all compiled, in one order, each small and saying what it knows."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgehone import targets
from edgehone.runners import _building

SOURCE = targets.runner_source(_building.SOURCE)
PARTS = sorted((SOURCE.parent / _building.PARTS).glob("*.c"))
INCLUDED = re.findall(r'#include "native/(\w+\.[ch])"', SOURCE.read_text())
ROOT = Path(__file__).parents[2]


def test_runner_is_the_list_of_its_parts() -> None:
    first, *parts = INCLUDED
    assert first == "runner.h"
    assert sorted(parts) == [part.name for part in PARTS]
    code = re.sub(r"/\*.*?\*/|#include .*", "", SOURCE.read_text(), flags=re.DOTALL)
    assert not code.strip()


@pytest.mark.parametrize("part", PARTS, ids=[part.stem for part in PARTS])
def test_a_part_is_small_and_begins_with_what_it_knows(part: Path) -> None:
    text = part.read_text()
    lines = text.splitlines()
    assert re.match(r"/\* \S[^*]+?[.:]", text)
    assert 40 <= len(lines) <= 300
    assert max(len(line) for line in lines) <= 100
    assert "#include" not in text


def test_every_part_uses_only_those_before_it() -> None:
    """The compiler refuses what is undeclared, and none declares what another defines."""
    for part in PARTS:
        text = part.read_text()
        for name in re.findall(r"^static [^={;]*?(\w+)\([^={;]*\);$", text, re.MULTILINE):
            assert re.search(rf"^static [^={{;]*\b{name}\([^={{;]*\)\n{{", text, re.MULTILINE), name


def test_the_digest_is_that_of_every_part(tmp_path: Path) -> None:
    shutil.copytree(SOURCE.parent, tmp_path / "runner")
    copy = tmp_path / "runner" / _building.SOURCE
    digests = {_building.source_digest(copy)}
    assert digests == {_building.source_digest()}
    for name in ("runner.c", "native/runner.h", "native/json.c"):
        path = tmp_path / "runner" / name
        path.write_text(path.read_text() + "\n")
        digests.add(_building.source_digest(copy))
    (tmp_path / "runner" / "runner.py").write_text("")
    assert digests == digests | {_building.source_digest(copy)}
    assert len(digests) == 4


@pytest.mark.slow
def test_the_wheel_holds_every_part(tmp_path: Path) -> None:
    for name in ("toolchain", "targets", "pyproject.toml", "README.md", "LICENSE"):
        here = ROOT / name
        copied = shutil.copytree if here.is_dir() else shutil.copy
        copied(here, tmp_path / name)
    build = "import hatchling.build as b; print(b.build_wheel('.'))"
    words = [sys.executable, "-c", build]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    inside = f"edgehone/_targets/runner/{_building.PARTS}/"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    found = {name.removeprefix(inside) for name in names if name.startswith(inside)}
    assert found == set(INCLUDED)
    assert f"edgehone/_targets/runner/{_building.SOURCE}" in names
