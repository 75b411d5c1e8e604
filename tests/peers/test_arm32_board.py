"""A 32-bit board over real ssh: Debian's numpy, tflite-runtime 2.14 and the runner in Python."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import bench_files, needs
from tests.host import Host
from tests.machines.arm32_board import Arm32Board

pytestmark = [pytest.mark.slow, pytest.mark.peer]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Arm32Board]:
    needs.root()
    for program in ("mmdebstrap", "qemu-arm-static", "update-binfmts", "ssh-keygen"):
        needs.program(program)
    with Arm32Board(tmp_path / "board") as board:
        yield board


def test_three_commands_lead_to_the_numbers_of_a_32_bit_board(
    board: Arm32Board, tmp_path: Path
) -> None:
    files = bench_files.litert(tmp_path)
    host = Host(tmp_path, {"EDGEHONE_SSH_CONFIG": str(board.config)})
    host.target("board", packages=("tflite-runtime==2.14.0", "numpy<2"))  # as raspberry-pi-32bit
    host.target("here")
    host.device("here", "here", "local")
    added = host.edgehone("devices", "add", "board", "board", board.address)
    assert added.exit_code == 0, added.stderr
    fitted = host.edgehone("devices", "setup", "board")
    assert fitted.exit_code == 0, fitted.stderr
    assert fitted.document["packages"] == {"tflite-runtime": "2.14.0"}  # numpy is its own

    on = ("--on", "board", "--on", "here")
    said = host.edgehone("bench", files.model, "--data", files.data, *on)
    assert said.exit_code == 0, said.stderr
    there, here = said.document["measurements"]
    assert there["runtime"]["version"] == "tflite_runtime 2.14.0"
    assert there["conditions"]["machine"] == "armv7l"
    assert there["latency_ms"]["p50"] > 0
    assert there["accuracy"]["value"] == pytest.approx(here["accuracy"]["value"], abs=0.05)
