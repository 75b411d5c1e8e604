"""A whole ARM computer over real ssh: set up, benched, compared, and a model made for it."""

from pathlib import Path

import pytest
from tests import bench_files
from tests.host import Host
from tests.machines.arm_board import ArmBoard

pytestmark = [pytest.mark.slow, pytest.mark.peer]

SENSORS = """
[sensors]
clock_khz = "/run/sensors/clock"
temperature_mc = "/run/sensors/temperature"
governor = "/run/sensors/governor"
[sensors.commands]
throttled = ["vcgencmd", "get_throttled"]
[steady.files]
"/run/sensors/governor" = "performance"
"""
PROGRAMS = ("python", "native")
RUNTIMES = {"litert": bench_files.litert, "onnxruntime": bench_files.onnx}


@pytest.fixture(scope="module", params=PROGRAMS)
def host(
    request: pytest.FixtureRequest, arm_board: ArmBoard, tmp_path_factory: pytest.TempPathFactory
) -> Host:
    """A user who has set the board up, with one of the programs."""
    folder = tmp_path_factory.mktemp(request.param)
    host = Host(folder, {"EDGEHONE_SSH_CONFIG": str(arm_board.ssh_config)})
    host.target("board", program=request.param, more=SENSORS)
    host.target("here")
    host.device("here", "here", "local")
    added = host.edgehone("devices", "add", "board", "board", arm_board.address)
    assert added.exit_code == 0, added.stderr
    said = host.edgehone("devices", "setup", "board")
    assert said.exit_code == 0, said.stderr
    assert said.document["program"] == request.param
    assert set(said.document["runtimes"]) == {"litert", "onnxruntime"}
    return host


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_board_is_benched_with_the_accuracy_it_has_here(
    host: Host, tmp_path: Path, runtime: str
) -> None:
    files = RUNTIMES[runtime](tmp_path)
    words = ("bench", files.model, "--data", files.data)
    said = host.edgehone(*words, "--on", "board", "--on", "here")
    assert said.exit_code == 0, said.stderr
    there, here = said.document["measurements"]
    assert (there["device"]["name"], there["runtime"]["name"]) == ("board", runtime)
    assert there["accuracy"]["value"] == here["accuracy"]["value"]
    assert there["latency_ms"]["p50"] > 0
    assert there["memory_bytes"]["peak"] > 0
    assert there["conditions"]["machine"] == "aarch64"
    assert set(there["conditions"]["governor"]) != {"ondemand"}
