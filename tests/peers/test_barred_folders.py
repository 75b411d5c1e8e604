"""A folder that an ordinary user may only read: told before or instead of a half result."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests import keras_networks, ordinary, small_project
from tests.lives import World
from tests.run_document import run_document

from edgehone.graph.loading import save
from edgehone.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.peer]

Words = Callable[[World, Path], list[str | Path]]

BUDGETS = '[[budget]]\nmetric = "size_bytes"\nmax = "1 MiB"\n'
RECIPE = '[[recipe]]\nname = "half"\nsteps = []\n'


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def barred(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "barred"
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


def written(world: World, name: str, text: str) -> Path:
    file = world.folder / name
    file.write_text(text)
    return file


def keras(world: World) -> Path:
    return save(keras_networks.dense_net(), world.folder / "net.keras").path


def kept(folder: Path) -> str:
    """A store with one finished run; its id."""
    store = Store(folder)
    run = store.create_run({})
    store.finish_run(run, "done", {**run_document(), "run": run})
    return run


WRITERS: dict[str, Words] = {
    "export": lambda world, to: ["export", keras(world), "-o", to],
    "export below": lambda world, to: ["export", keras(world), "-o", to / "new"],
    "compress": lambda world, to: [
        "compress",
        small_project.write(world.folder / "project").parent / "teacher.keras",
        written(world, "recipe.toml", RECIPE),
        "--data",
        world.folder / "project/data.npz",
        "-o",
        to / "new",
    ],
    "bench": lambda world, to: ["bench", world.model, "--on", "quick", "--record", to / "r.json"],
    "gate junit": lambda world, to: [
        "gate",
        written(world, "budgets.toml", BUDGETS),
        world.model,
        "--junit",
        to / "gate.xml",
    ],
    "gate markdown": lambda world, to: [
        "gate",
        written(world, "budgets.toml", BUDGETS),
        world.model,
        "--markdown",
        to / "gate.md",
    ],
    "run": lambda world, to: [
        "run",
        small_project.write(world.folder / "project"),
        "--on",
        "local@scripted://",
        "--folder",
        to / "runs",
    ],
    "demo": lambda world, to: ["demo", "--folder", to / "runs"],
    "init": lambda world, to: ["init", to],
    "devices": lambda world, to: ["devices", "add", "pi", "arm-cpu", "ssh://pi"],
}


@pytest.mark.parametrize(
    "words", [["inspect"], ["repack", "-o", "x.tflite"], ["bench"], ["bundle", "-o", "x.zip"]]
)
def test_a_file_that_may_not_be_read_is_told_as_such_and_as_no_crash(
    words: list[str], world: World, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden.tflite"
    hidden.write_bytes(world.model.read_bytes())
    hidden.chmod(0)
    said = ordinary.edgehone(world, words[0], hidden, *words[1:])
    assert (said.exit_code, str(hidden) in said.error) == (2, True)
    assert "Permission denied" in said.error or "not readable" in said.error


@pytest.mark.parametrize("name", ["bench", "gate junit", "gate markdown"])
def test_a_folder_is_tried_before_anything_is_measured(
    name: str, world: World, barred: Path
) -> None:
    timed = '[[budget]]\nmetric = "latency_p50_ms"\nmax = "1 s"\n'
    words = WRITERS[name](world, barred)
    written(world, "budgets.toml", timed)
    said = ordinary.edgehone(world, *words, *(() if name == "bench" else ("--on", "quick")))
    assert said.exit_code == 2
    assert "measure:" not in said.stderr


@pytest.mark.parametrize("name", WRITERS)
def test_every_command_that_writes_says_where_it_may_not(
    world: World, barred: Path, name: str
) -> None:
    words = WRITERS[name](world, barred)
    if name == "devices":
        world.environment["XDG_CONFIG_HOME"] = str(barred)
    if name == "init":
        words = ["init"]
    said = ordinary.edgehone(world, *words, folder=barred)
    assert said.exit_code == 2, said.stderr
    assert (str(barred) if name != "init" else "edgehone.toml") in said.error
    assert "Permission denied" in said.error
    assert "you may" in said.document["error"]["hint"]
    assert "Traceback" not in said.stderr
    assert list(barred.iterdir()) == []
    assert world.left() == []


def test_history_in_a_folder_that_may_only_be_read_is_read(world: World, tmp_path: Path) -> None:
    runs = tmp_path / "kept"
    run = kept(runs)
    with closing(sqlite3.connect(runs / "store.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for place in (*runs.rglob("*"), runs):
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        found = ordinary.edgehone(world, "runs", "--folder", runs)
        assert [each["run"] for each in found.document["runs"]] == [run]
        page = tmp_path / "page.html"
        assert ordinary.edgehone(world, "report", "--folder", runs, "-o", page).exit_code == 0
        assert page.is_file()
        said = ordinary.edgehone(world, "report", "--folder", runs)
        assert said.exit_code == 2
        assert "Permission denied" in said.error
    finally:
        runs.chmod(0o755)


def test_history_that_another_user_is_writing_is_read_as_it_is_now(
    world: World, tmp_path: Path
) -> None:
    runs = tmp_path / "kept"
    run = kept(runs)
    with closing(sqlite3.connect(runs / "store.sqlite")) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute(
            "INSERT INTO runs SELECT 'ffff', created, status, config, summary, document FROM runs"
        )
        writer.commit()
        for place in (*runs.glob("store*"), runs):
            place.chmod(0o555 if place.is_dir() else 0o444)
        try:
            found = ordinary.edgehone(world, "runs", "--folder", runs)
            assert {each["run"] for each in found.document["runs"]} == {run, "ffff"}
        finally:
            runs.chmod(0o755)


def test_run_in_a_store_that_may_only_be_read_is_refused(world: World, tmp_path: Path) -> None:
    runs = tmp_path / "kept"
    kept(runs)
    project = small_project.write(world.folder / "project")
    for place in (*runs.glob("store*"), runs):
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        said = ordinary.edgehone(
            world, "run", project, "--on", "local@scripted://", "--folder", runs
        )
    finally:
        runs.chmod(0o755)
    assert said.exit_code == 2, said.stderr
    assert str(runs) in said.error
    assert "may write" in said.document["error"]["hint"]


@pytest.mark.parametrize("name", ["tmp", "TMPDIR"])
def test_temporary_folder_that_may_not_be_written_is_another_one(
    world: World, barred: Path, name: str
) -> None:
    world.environment["TMPDIR"] = str(barred / ("none" if name == "tmp" else ""))
    said = ordinary.edgehone(world, "bench", world.model, "--on", "quick")
    assert said.exit_code == 0, said.stderr
    assert list(barred.iterdir()) == []


def test_model_that_may_not_be_read_is_told(world: World) -> None:
    for file in (world.model, keras(world)):
        file.chmod(0o000)
    for words in (f"bench {world.model.name} --on quick", "inspect net.keras"):
        said = ordinary.edgehone(world, *words.split())
        assert said.exit_code in (2, 5), said.stderr
        assert "Permission denied" in said.error or "not readable" in said.error
        assert "unforeseen" not in said.stderr
