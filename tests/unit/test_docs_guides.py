"""Every command that README and the guides show can be typed where the files are that it names."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.guide_files import prepare
from tests.shell_pages import Typed, environment, follow, steps

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES += sorted((ROOT / "docs" / "concepts").glob("*.md"))
SHOWING = [path for path in PAGES if any(steps(path.read_text()))]
INSTALLS = re.compile(r"^\$ (?:make demo|source \.venv|pip install).*\n", re.M)
"""What brings edgehone to a machine: where a test runs, that is done."""

MOST_LEFT = 16
ABSENT = re.compile(
    r"ssh://|adb|devices setup|--on bench-pi|--read|--sigstore|--certificate-chain|--identity|\.aar"
)
"""What a command has that no test can run."""

SHORTER = {  # the same with less to do
    "edgehone run  ": "edgehone run --rounds 0  ",
    "edgehone run\n": "edgehone run --rounds 0\n",
    "--calibrate 20": "--calibrate 1",
}


def sequence(path: Path) -> list[object]:
    """What a page has done, in order, without remarks."""
    done = steps(INSTALLS.sub("", path.read_text()))
    return [
        replace(e, command=e.command.partition(" #")[0].strip()) if isinstance(e, Typed) else e
        for e in done
    ]


def repeats(path: Path) -> bool:
    """Whether another page begins with all that this one has done, from the same files."""
    mine = sequence(path)
    others = [sequence(each) for each in SHOWING if each != path]
    return any(len(each) > len(mine) and each[: len(mine)] == mine for each in others)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    """A folder with what a reader has, and a home beside it."""
    base = tmp_path_factory.mktemp("guides")
    (base / "work").mkdir()
    (base / "home").mkdir()
    tutorial = (ROOT / "docs" / "tutorials" / "release-gate.md").read_text()
    prepare(base / "work", environment(base / "home", programs), tutorial)
    return base


@pytest.mark.slow
@pytest.mark.parametrize("path", [e for e in SHOWING if not repeats(e)], ids=lambda path: path.stem)
def test_commands_of_a_page_can_be_typed(
    path: Path, begun: Path, programs: Path, tmp_path: Path
) -> None:
    shutil.copytree(begun / "work", tmp_path / "work")
    shutil.copytree(begun / "home", tmp_path / "home")
    page = INSTALLS.sub("", path.read_text())
    if "edgehone init --model" in page:
        (tmp_path / "work" / "edgehone.toml").unlink()  # the page has it written
    for long, short in SHORTER.items():
        page = page.replace(long, short)
    assert follow(page, tmp_path / "work", environment(tmp_path / "home", programs)) == []


def test_few_commands_need_what_no_test_has() -> None:
    every = [each for path in PAGES for each in steps(path.read_text())]
    left = [each.command for each in every if isinstance(each, Typed) and each.needs]
    assert len(left) <= MOST_LEFT
    assert [command for command in left if not ABSENT.search(command)] == []
