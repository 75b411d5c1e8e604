"""Each tutorial leads from an empty folder to its end; what it shows is what the commands print."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.shell_pages import Typed, Written, environment, follow, steps

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
ABSENT = re.compile(r"ssh://|adb |devices setup|--on bench-pi|--read log\.txt$")
"""What a command has that no test can run: a board, a phone, what a phone wrote."""
MOST_LEFT = 5


TRAINING = "$ python train.py\n"
SHORTER = {  # trainings of candidates: the same with less to do
    "epochs = 30,": "epochs = 4,",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a tutorial's training was done as a reader does it, and its log: all of them begin with
    the same.
    """
    folder = tmp_path_factory.mktemp("trained")
    first, _, _ = TUTORIALS[0].read_text().partition(TRAINING)
    assert follow(first, folder, environment(folder)) == []
    command = ["bash", "-c", "python train.py > train.log"]
    subprocess.run(command, cwd=folder, env=environment(folder), check=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_does_what_it_says(
    path: Path, trained: Path, programs: Path, tmp_path: Path
) -> None:
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    page = path.read_text()
    assert TRAINING in page
    page = page.replace(TRAINING, f"$ cp {trained}/digits.* . && cat {trained}/train.log\n")
    for long, short in SHORTER.items():
        page = page.replace(long, short)
    assert follow(page, folder, environment(home, programs)) == []


def test_few_commands_of_tutorials_need_what_no_test_has() -> None:
    every = [each for path in TUTORIALS for each in steps(path.read_text())]
    typed = [each for each in every if isinstance(each, Typed)]
    left = [each.command for each in typed if each.needs]
    assert len(left) <= MOST_LEFT
    assert [command for command in left if not ABSENT.search(command)] == []
    assert len(typed) > 8 * len(left)


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_begins_with_the_same_model(path: Path) -> None:
    files = {e.name: e.text for e in steps(path.read_text()) if isinstance(e, Written)}
    first = next(e for e in steps(TUTORIALS[0].read_text()) if isinstance(e, Written))
    assert (first.name, files["train.py"]) == ("train.py", first.text)


PAGE = """
<!-- file: names.txt -->
```text
ann
```

<!-- exit: 3 -->
```console
$ cat \\
    names.txt
ann
...
$ cat names.txt && exit 3
bob
```

<!-- needs: a board -->
```console
$ exit 7
```

<!-- exit: 0 or 3 -->
```console
$ exit 4
```
"""


def test_steps_are_read_in_order() -> None:
    assert list(steps(PAGE)) == [
        Written("names.txt", "ann\n"),
        Typed("cat names.txt", ("ann",), (0,), ""),
        Typed("cat names.txt && exit 3", ("bob",), (3,), ""),
        Typed("exit 7", (), (0,), "a board"),
        Typed("exit 4", (), (0, 3), ""),
    ]


def test_another_output_or_exit_code_is_found(tmp_path: Path) -> None:
    wrong = follow(PAGE, tmp_path, environment(tmp_path))
    assert [each.partition(":")[0] for each in wrong] == [
        "$ cat names.txt && exit 3\nprints no such line",
        "$ exit 4\nended with 4, not 0 or 3",
    ]
