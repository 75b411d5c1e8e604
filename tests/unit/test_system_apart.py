"""What is written never takes the place of what is read, whatever either is called."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests import tiny_models
from tests.kept_run import kept_run
from tests.unit.test_cli_measuring import SCRIPTED, write

from edgehone.cli.app import main
from edgehone.errors import UsageError
from edgehone.system.apart import require_apart

SIZE = 'metric = "size_bytes"\nmax = "1 MiB"'
RECIPE = '[[recipe]]\nname = "{}"\nprecision = "int8"\n'


def gated(at: Path, *words: str) -> list[str]:
    model, budgets = tiny_models.dense(at, name="m"), write(at / "b.toml", SIZE)
    return ["gate", str(budgets), str(model), *SCRIPTED, *words]


def linked(at: Path) -> list[str]:
    (at / "link").symlink_to(at / "x")
    return gated(at, "--sarif", str(at / "x"), "--junit", str(at / "link"))


def by_way_of(at: Path) -> list[str]:
    (at / "sub").mkdir()
    return gated(at, "--sarif", str(at / "x"), "--junit", str(at / "sub" / ".." / "x"))


def recorded(at: Path) -> list[str]:
    model = str(tiny_models.dense(at, name="m"))
    return ["bench", model, "--record", model, *SCRIPTED]


def reported(at: Path) -> list[str]:
    folder = kept_run(at).folder
    return ["report", "--folder", str(folder), "-o", str(folder / "store.sqlite")]


def bundled(at: Path) -> list[str]:
    run = kept_run(at)
    return ["bundle", run.run, "--folder", str(run.folder), "-o", str(run.folder / "store.sqlite")]


def judged(at: Path) -> list[str]:
    run = kept_run(at)
    budgets = str(write(at / "b.toml", SIZE))
    return ["gate", budgets, *run.words(), "--junit", str(run.folder / "store.sqlite")]


def compressed(at: Path) -> list[str]:
    (at / "m.keras").write_bytes(b"a model")
    (at / "r.toml").write_text(RECIPE.format("m"))
    words = [str(at / "r.toml"), "--data", "digits", "-o", str(at)]
    return ["compress", str(at / "m.keras"), *words]


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "a link": linked,
    "a folder and back": by_way_of,
    "bench": recorded,
    "report": reported,
    "bundle": bundled,
    "gate": judged,
    "compress": compressed,
}


def held(folder: Path) -> dict[Path, bytes]:
    """The files of a folder, without those that SQLite has while it reads."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if "sqlite-" not in path.name}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_writes_over_what_it_reads_or_writes_twice(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = COMMANDS[name](tmp_path)
    before = held(tmp_path)
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "would be written over" in told or "would be written twice" in told
    assert held(tmp_path) == before


def test_a_device_takes_anything(tmp_path: Path) -> None:
    null = Path("/dev/null")
    require_apart([null, null], [null], "")
    with pytest.raises(UsageError):
        require_apart([tmp_path / "a", tmp_path / "b" / ".." / "a"], [], "")


def test_links_in_a_circle_are_no_file(tmp_path: Path) -> None:
    for one, other in ("ab", "ba"):
        (tmp_path / one).symlink_to(tmp_path / other)
    require_apart([tmp_path / "a", tmp_path / "x"], [tmp_path / "b" / "y"], "")
    with pytest.raises(UsageError):
        require_apart([tmp_path / "a"], [tmp_path / "a"], "")
