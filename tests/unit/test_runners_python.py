"""Set-up of the runner in Python: on a real, empty folder, and on devices that cannot have it."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pytest
from tests.wheel_files import only_index, write_wheel

from edgehone import targets
from edgehone.devices.local import Local
from edgehone.errors import DeviceError, NotSetUpError
from edgehone.runners._base import Supplies
from edgehone.runners.python import Python
from edgehone.runners.setup.installation import installation_of
from edgehone.system.processes import Finished
from edgehone.targets import Target
from edgehone.values import Event

BOARD = """\
#edgehone system Linux
#edgehone machine aarch64
#edgehone bits {bits}
#edgehone libc glibc {glibc}
#edgehone disk /dev/root 1000000 900000 {free_kib} 90% /
{pythons}
#edgehone end
"""


class Board(Local):
    """This machine without what edgehone's own Python has; what was sent to it is written down."""

    PYTHON: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__("")
        self.sent: list[str] = []

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        place = self._folder / name
        if not place.is_file() or place.read_bytes() != source.read_bytes():
            self.sent.append(name.parts[0])
        super().put(source, name, timeout_s=timeout_s)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self._folder.iterdir())


class Says(Board):
    """A board that only says what it is."""

    def __init__(self, stdout: str) -> None:
        super().__init__()
        self._stdout = stdout

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        return Finished(0, self._stdout, "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index; and a `python3` on the path that has numpy, as edgehone's own has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    only_index(tmp_path / "index", monkeypatch)
    return tmp_path / "index"


@pytest.fixture
def target() -> Target:
    return replace(targets.named("local"), packages=("ai-edge-litert",))


def litert(index: Path, version: str, body: str = "class Interpreter: ...\n") -> None:
    files = {
        "ai_edge_litert/__init__.py": f'__version__ = "{version}"\n',
        "ai_edge_litert/interpreter.py": f'__version__ = "{version}"\n{body}',
    }
    write_wheel(index, "ai-edge-litert", version, files=files)


@pytest.mark.slow
def test_set_up_brings_tries_and_records_and_the_second_time_sends_nothing(
    index: Path, target: Target
) -> None:
    litert(index, "2.1.0")
    board, text = Board(), list[Event]()
    with pytest.raises(NotSetUpError, match="not set up"):
        installation_of(board, "board")
    installation = Python().install(board, target, Supplies(progress=text.append))
    assert installation == installation_of(board, "board")
    assert installation.packages == {"ai-edge-litert": "2.1.0"}
    assert [event.stage for event in text] == ["look", "fetch", "send", "unpack", "try"]
    assert board.sent == ["wheels", "runner", "requests", "fitting.json"]

    board.sent.clear()
    assert Python().install(board, target, Supplies()) == installation
    assert board.sent == []


@pytest.mark.slow
def test_other_wheels_take_the_place_of_those_before(index: Path, target: Target) -> None:
    litert(index, "2.1.0")
    board = Board()
    first = Python().install(board, target, Supplies())
    litert(index, "2.2.0")
    newer = replace(target, packages=("ai-edge-litert==2.2.0",))
    second = Python().install(board, newer, Supplies())
    assert first.command[1] != second.command[1]
    assert [name for name in board.names if name.startswith("site-")] == [
        second.command[1].removeprefix("PYTHONPATH=")
    ]
    assert not any((board._folder / "wheels").iterdir())


@pytest.mark.slow
def test_wheels_that_do_not_work_there_leave_the_set_up_before(index: Path, target: Target) -> None:
    litert(index, "2.1.0")
    board = Board()
    before = Python().install(board, target, Supplies())
    files = {"onnxruntime/__init__.py": "raise ImportError('GLIBC_2.99 not found')\n"}
    write_wheel(index, "onnxruntime", "1.0", files=files)
    packages = ("ai-edge-litert", "onnxruntime")
    broken = replace(target, packages=packages, runtime="onnxruntime")
    with pytest.raises(DeviceError, match="onnxruntime does not work on the device") as caught:
        Python().install(board, broken, Supplies())
    assert "GLIBC_2.99" in caught.value.message
    assert installation_of(board, "board") == before
    assert before.command[1].removeprefix("PYTHONPATH=") in board.names


def refusal(
    target: Target, *pythons: str, glibc: str = "2.36", bits: int = 64, free_kib: int = 10**7
) -> DeviceError:
    lines = "\n".join(f"#edgehone python {each}" for each in pythons)
    said = BOARD.format(pythons=lines, glibc=glibc, bits=bits, free_kib=free_kib)
    with pytest.raises(DeviceError) as caught:
        Python().install(Says(said), target, Supplies())
    return caught.value


def test_a_device_without_python_is_told_of_the_other_runner() -> None:
    error = refusal(targets.named("arm-cpu"))
    assert "no Python 3.7" in error.message
    assert "--runner native" in error.hint


def test_a_target_of_another_architecture_is_told_by_what_the_python_is() -> None:
    python = "3.11 32 1.24.2 /usr/bin/python3"
    error = refusal(targets.named("raspberry-pi-4"), python, bits=32)
    assert "is for armv7l, the target aarch64" in error.message
    assert "raspberry-pi-32bit" in error.hint


def test_too_old_a_system_is_told_what_would_help() -> None:
    target = targets.named("raspberry-pi-4")
    error = refusal(target, "3.12 64 - /opt/python3.12", glibc="2.28")
    assert "glibc 2.30, it has 2.28" in error.message
    assert "bookworm" in error.hint


@pytest.mark.slow
def test_a_32_bit_board_without_numpy_is_told_how_to_get_it(index: Path) -> None:
    write_wheel(index, "tflite-runtime", "2.14.0", "cp311-cp311-manylinux_2_34_armv7l")
    target = targets.named("raspberry-pi-32bit")
    error = refusal(target, "3.11 32 - /usr/bin/python3", bits=32)
    assert "numpy" in error.message
    assert "apt-get install python3-numpy" in error.hint


@pytest.mark.slow
def test_a_full_disk_is_told_before_anything_is_sent(index: Path) -> None:
    litert(index, "2.1.0")
    target = replace(targets.named("arm-cpu"), packages=("ai-edge-litert",))
    error = refusal(target, "3.11 64 - /usr/bin/python3", free_kib=20 * 1024)
    assert "20 MiB free" in error.message
    assert "Free some space" in error.hint


@pytest.mark.slow
def test_the_next_python_is_taken_where_the_first_has_no_wheels(
    index: Path, target: Target
) -> None:
    write_wheel(index, "ai-edge-litert", "2.1.0", "cp311-cp311-manylinux_2_34_aarch64")
    target = replace(target, architecture="aarch64")
    pythons = ("3.15 64 - /usr/bin/python3", "3.11 64 - /usr/bin/python3.11")
    error = refusal(target, *pythons, free_kib=0)
    assert "0 MiB free" in error.message
