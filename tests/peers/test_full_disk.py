"""A disk that is really full: a sentence, exit code 2, and no half file, wherever it fills up."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import bench_files, keras_networks, small_project
from tests.host import Said
from tests.lives import World
from tests.run_document import run_document
from tests.small_disk import fill, small_disk

from edgehone.graph.loading import save
from edgehone.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.peer]

KIBIBYTES = 16 * 1024


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", KIBIBYTES) as folder:
        yield folder


def files(disk: Path) -> list[Path]:
    """All there is but what fills it."""
    return sorted(p for p in disk.rglob("*") if p.is_file() and p.name != "ballast")


def is_told(said: Said) -> None:
    assert said.exit_code == 2, said.stderr
    assert "unforeseen" not in said.stderr
    assert "Traceback" not in said.stderr
    error = said.document["error"]
    assert "free some space" in error["hint"], said.stderr
    assert error["exit_code"] == 2


@pytest.mark.parametrize("left", [0, 8, 200, 700])
def test_bench_whose_temporary_folder_fills_up(world: World, disk: Path, left: int) -> None:
    """Models, samples, requests and outputs all lie there."""
    bench = bench_files.wide(world.folder, 20_000)
    fill(disk, left)
    world.environment["TMPDIR"] = str(disk)
    said = world.edgehone("bench", bench.model, "--data", bench.data, "--on", "quick")
    if left == 0:  # Python takes another folder where not even a byte fits
        assert said.exit_code == 0
    elif said.exit_code == 4:  # the runner could not write its outputs
        assert "No space left on device" in said.error
    else:
        is_told(said)
    assert files(disk) == []


def test_bench_that_records(world: World, disk: Path) -> None:
    fill(disk, 4)
    is_told(
        world.edgehone("bench", world.model, "--on", "quick", "--record", disk / "recorded.json")
    )
    assert files(disk) == []


@pytest.mark.parametrize("option", ["--junit", "--markdown", "--sarif", "--summary"])
def test_gate_that_reports(world: World, disk: Path, option: str) -> None:
    budgets = world.folder / "budgets.toml"
    budgets.write_text('[[budget]]\nmetric = "size_bytes"\nmax = "1 MiB"\n')
    fill(disk, 0)
    (disk / "ballast").touch()
    place = disk / "report"
    is_told(world.edgehone("gate", budgets, world.model, option, place))
    assert files(disk) == []


def test_report_keeps_the_old_page(world: World, disk: Path) -> None:
    store = Store(disk / "runs")
    run = store.create_run({})
    store.finish_run(run, "done", {**run_document(), "run": run})
    page = disk / "runs" / run / "report.html"
    page.parent.mkdir()
    page.write_text("the old page")
    before = files(disk)
    fill(disk, 8)
    is_told(world.edgehone("report", "--folder", disk / "runs"))
    assert page.read_text() == "the old page"
    assert [each for each in files(disk) if each.suffix not in (".sqlite-shm", ".sqlite-wal")] == [
        each for each in before if each.suffix not in (".sqlite-shm", ".sqlite-wal")
    ]


@pytest.mark.parametrize("left", [0, 8, 30])
def test_export(world: World, disk: Path, left: int) -> None:
    model = save(keras_networks.residual_net(), world.folder / "net.keras").path
    fill(disk, left)
    said = world.edgehone("export", model, "-o", disk / "out")
    is_told(said)
    assert files(disk) == []


@pytest.mark.parametrize("left", [0, 64, 300])
def test_run_fails_whole_and_goes_on_once_there_is_room(
    world: World, disk: Path, left: int
) -> None:
    project = small_project.write(world.folder / "project", rounds=1)
    on = ("--on", small_project.device(project.parent))
    fill(disk, left)
    said = world.edgehone("run", project, *on, "--folder", disk / "runs")
    is_told(said)
    for array in (disk / "runs").glob("objects/*/*.npy"):
        np.load(array)
    assert [each.name for each in files(disk) if each.name.startswith(".")] == []
    assert list((disk / "runs").glob("*/scratch")) == []
    (disk / "ballast").unlink()
    records = world.edgehone("runs", "--folder", disk / "runs").document["runs"]
    again = ("--resume", "latest") if records else (project, *on)
    whole = world.edgehone("run", *again, "--folder", disk / "runs")
    assert whole.exit_code == 0, whole.stderr
    assert len(whole.document["candidates"]) == 1


def test_nothing_is_left_for_the_next_command(world: World, disk: Path) -> None:
    """Not even where the process could write no more."""
    fill(disk, 300)
    world.environment["TMPDIR"] = str(disk)
    bench = bench_files.wide(world.folder, 20_000)
    world.edgehone("bench", bench.model, "--data", bench.data, "--on", "quick")
    assert [each.name for each in disk.iterdir()] == ["ballast"]
    assert world.left() == []
