"""A whole ARM computer over real ssh: benched, compared, and a model made for it."""

from pathlib import Path

import pytest
from tests import bench_files, small_project, tiny_models
from tests.boards import PROGRAMS
from tests.host import Host, ended
from tests.machines.arm_board import ArmBoard

from edgehone.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.peer]

RUNTIMES = {"litert": bench_files.litert, "onnxruntime": bench_files.onnx}


@pytest.fixture(params=PROGRAMS)
def host(request: pytest.FixtureRequest, arm_board: ArmBoard) -> Host:
    found = request.getfixturevalue(f"{request.param}_board")
    assert isinstance(found, Host)
    return found


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_accuracy_there_is_the_accuracy_here(host: Host, tmp_path: Path, runtime: str) -> None:
    files = RUNTIMES[runtime](tmp_path)
    words = ("bench", files.model, "--data", files.data)
    said = host.edgehone(*words, "--on", "board", "--on", "here")
    assert said.exit_code == 0, said.stderr
    there, here = said.document["measurements"]
    assert (there["device"]["name"], there["runtime"]["name"]) == ("board", runtime)
    assert there["accuracy"]["value"] == here["accuracy"]["value"]
    assert there["latency_ms"]["p50"] > 0
    assert there["memory_bytes"]["process"] > 0
    conditions = there["conditions"]
    assert (conditions["machine"], conditions["governor"]) == ("aarch64", "performance")


def test_two_files_are_compared(host: Host, tmp_path: Path) -> None:
    small, large = tiny_models.dense(tmp_path), tiny_models.net(tmp_path)
    said = host.edgehone("compare", small, large, "--on", "board", "--pairs", "12")
    assert said.exit_code in (0, 3), said.stderr
    assert said.document["ratio"] < 1
    low, high = said.document["ci95"]
    assert low <= said.document["ratio"] <= high


def test_hot_board_says_so_and_gets_its_governor_back(
    python_board: Host, arm_board: ArmBoard, tmp_path: Path
) -> None:
    arm_board.sense("throttled", "0x4")
    said = python_board.edgehone("bench", tiny_models.dense(tmp_path), "--on", "board")
    arm_board.sense("throttled", "0x0")
    assert said.exit_code == 0, said.stderr
    assert list(said.verdicts().values()) == ["throttled"]
    assert arm_board.do("cat", "/run/sensors/governor").strip() == "ondemand"


def words(folder: Path) -> tuple[str | Path, ...]:
    project = small_project.write(folder / "project", rounds=1, formats='["tflite", "onnx"]')
    project.write_text(project.read_text().replace("blocks = 2", "blocks = 1"))
    return ("run", project, "--on", "board", "--folder", folder / "runs")


@pytest.mark.proof
def test_model_is_made_for_the_board(native_board: Host, tmp_path: Path) -> None:
    said = native_board.edgehone(*words(tmp_path))
    assert said.exit_code == 0, said.stderr
    assert said.document["winner"]["device"]["name"] == "board"
    runtimes = {each["runtime"]["name"] for each in said.document["baselines"]}
    assert runtimes == {"litert", "onnxruntime"}


@pytest.mark.proof
def test_run_that_loses_the_rebooting_board_goes_on_with_the_files_it_has(
    python_board: Host, arm_board: ArmBoard, tmp_path: Path
) -> None:
    run_it = words(tmp_path)
    command = python_board.start(*run_it)
    assert command.stderr is not None
    assert any("measure" in line for line in command.stderr)
    arm_board.reset()
    lost = ended(command)
    assert lost.exit_code == 4, lost.document
    (run,) = Store(tmp_path / "runs", read_only=True).runs()
    files = contents(tmp_path / "runs" / run.id / "artifacts")
    assert files

    arm_board.wait_until_up()
    again = ("run", "--on", "board", "--folder", tmp_path / "runs", "--resume", run.id)
    resumed = python_board.edgehone(*again)
    assert resumed.exit_code == 0, resumed.stderr
    assert resumed.document["winner"]["device"]["name"] == "board"
    assert files.items() <= contents(tmp_path / "runs" / run.id / "artifacts").items()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
