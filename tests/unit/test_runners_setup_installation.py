"""What set-up left on a device is believed only when it can be."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from edgehone.devices.local import Local
from edgehone.errors import DeviceError, NotSetUpError
from edgehone.runners.setup.installation import RECORD, Installation, installation_of, record
from edgehone.system.processes import Finished


class Board(Local):
    """A folder of this machine, which has to be set up."""

    PYTHON = ()


def board(folder: Path, content: str) -> Board:
    (folder / "record.json").write_text(content)
    found = Board("")
    found.put(folder / "record.json", PurePosixPath(RECORD), timeout_s=9)
    return found


def test_what_was_recorded_is_found_again() -> None:
    found = Board("")
    installation = Installation("native", ("bin/runner",), {"litert": "lib/a.so"}, {"a": "1"}, "0f")
    record(found, installation)
    assert installation_of(found, "pi") == installation


class Disk(Board):
    """A board that keeps account of what was done there; `bare`: it has no program `sync`."""

    def __init__(self, address: str, *, bare: bool = False) -> None:
        super().__init__(address)
        self.done: list[str] = []
        self.bare = bare

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        self.done.append(f"put {name}")
        super().put(source, name, timeout_s=timeout_s)

    def run(self, argv: Sequence[str], **settings: Any) -> Finished:
        self.done.append(" ".join(argv))
        return super().run(["no-such-program"] if self.bare else argv, **settings)


@pytest.mark.parametrize("bare", [False, True])
def test_set_up_is_on_the_disk_before_it_is_said_to_be_done(bare: bool) -> None:
    found, installation = Disk("", bare=bare), Installation("native", ("bin/runner",))
    record(found, installation)
    assert found.done == ["sync", f"put {RECORD}", "sync"]
    assert installation_of(found, "pi") == installation


def test_a_device_without_a_record_is_not_set_up() -> None:
    with pytest.raises(NotSetUpError, match="'pi' is not set up"):
        installation_of(Board(""), "pi")


class Lost(Board):
    """A board whose link breaks while the record is fetched, which names the file."""

    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        raise DeviceError(f"The connection was lost while {name} was fetched.", "Check its power.")


def test_a_lost_link_is_not_a_missing_set_up() -> None:
    with pytest.raises(DeviceError, match="lost while") as caught:
        installation_of(Lost(""), "pi")
    assert not isinstance(caught.value, NotSetUpError)


SHAPES: list[dict[str, Any]] = [
    {"program": "native"},
    {"program": 5, "command": []},
    {"program": "native", "command": "ls"},
    {"program": "native", "command": [1]},
    {"program": "native", "command": [], "libraries": ["a"]},
    {"program": "native", "command": [], "source": None},
]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "[" * 100_000, "x" * 100_000, *map(json.dumps, SHAPES)]
)
def test_a_record_of_another_shape_is_the_devices_fault(content: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        installation_of(board(tmp_path, content), "pi")
    assert caught.value.exit_code == 4
    assert caught.value.hint
