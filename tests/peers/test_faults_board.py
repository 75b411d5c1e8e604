"""What happens to whole computers: no memory, a clock set back, another host, too old a system."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import bench_files, tiny_models
from tests.boards import user_of
from tests.host import Host, ended
from tests.lab import until
from tests.machines.arm_board import ArmBoard

pytestmark = [pytest.mark.slow, pytest.mark.peer]

LOCK = "/tmp/edgehone.lock"  # noqa: S108 # where hosts agree on it
FIRST = "/usr/local/bin"
"""Where programs are looked for before /usr/bin."""
OLD_SYSTEM = "#!/bin/sh\necho glibc 2.24\n"


def test_out_of_memory_is_that_files_fault_only(
    python_board: Host, arm_board: ArmBoard, tmp_path: Path
) -> None:
    hungry = bench_files.hungry(tmp_path, size_bytes=400 << 20)
    small = tiny_models.dense(tmp_path)
    with kept_in_memory(arm_board):
        said = python_board.edgehone("bench", hungry, small, "--on", "board")
    assert said.exit_code == 5, said.stderr
    failed, fine = said.document["measurements"]
    assert failed["latency_ms"] is None
    assert "signal 9" in failed["reason"]
    assert fine["latency_ms"]["p50"] > 0


def test_clock_set_back_amid_a_run_changes_nothing(
    python_board: Host, arm_board: ArmBoard, tmp_path: Path
) -> None:
    files = bench_files.litert(tmp_path)
    python_board.target("board-long", minimum_s=2.0)
    python_board.device("slowly", "board-long", f"{arm_board.address}/home/pi/python")
    outputs = "ls /home/pi/python/outputs || true"
    arm_board.do("rm", "-rf", "/home/pi/python/outputs")
    words = ("bench", files.model, "--data", files.data, "--on", "slowly")
    command = python_board.start(*words)
    until(lambda: arm_board.do(outputs) or command.poll() is not None)
    arm_board.set_clock(-3600)
    said = ended(command)
    arm_board.set_clock(3600)
    assert said.exit_code == 0, said.stderr
    (found,) = said.document["measurements"]
    assert found["latency_ms"]["min"] > 0
    assert found["latency_ms"]["samples"]


def test_hosts_that_come_at_once_wait_for_each_other(
    python_board: Host, native_board: Host, tmp_path: Path
) -> None:
    model = tiny_models.dense(tmp_path)
    commands = [
        each.start("bench", model, "--on", "board") for each in (python_board, native_board)
    ]
    for said in [ended(command) for command in commands]:
        assert said.exit_code == 0, said.stderr
        assert said.verdicts()


def test_host_that_does_not_finish_is_not_disturbed(
    python_board: Host, arm_board: ArmBoard, tmp_path: Path
) -> None:
    with held(arm_board):
        on = ("--on", "board", "--on", "here")
        said = python_board.edgehone("bench", tiny_models.dense(tmp_path), *on)
    assert said.exit_code == 4, said.stderr
    assert "Another host is measuring" in said.error
    assert list(said.verdicts()) == ["here/dense-float32.tflite"]


@contextmanager
def kept_in_memory(board: ArmBoard) -> Iterator[None]:
    """Pages used within the last second stay there: without memory for them the kernel kills a
    process at once. By default it drops and reads programs' pages for minutes before it does."""
    lru = "/sys/kernel/mm/lru_gen"
    board.do(f"echo y > {lru}/enabled; echo 1000 > {lru}/min_ttl_ms")
    yield
    board.do(f"echo 0 > {lru}/min_ttl_ms; echo n > {lru}/enabled")


@contextmanager
def held(board: ArmBoard) -> Iterator[None]:
    """Another host measures there, for longer than it is waited for."""
    with subprocess.Popen(
        board.call("flock", LOCK, "-c", "'echo measuring; cat'", user="pi"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert "measuring\n" in holder.stdout
        yield
        holder.kill()


@pytest.mark.parametrize("program", ["python", "native"])
def test_glibc_too_old_is_said_at_set_up(arm_board: ArmBoard, tmp_path: Path, program: str) -> None:
    arm_board.do(f"mkdir -p {FIRST}; cat > {FIRST}/getconf", given=OLD_SYSTEM)
    arm_board.do("chmod", "755", f"{FIRST}/getconf")
    said = user_of(arm_board, program, tmp_path).edgehone("devices", "setup", "board")
    arm_board.do("rm", f"{FIRST}/getconf")
    assert said.exit_code == 4, said.stderr
    assert "glibc" in said.error
