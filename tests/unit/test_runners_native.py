import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pytest
from tests import needs, speakers, tiny_models

from edgehone import targets
from edgehone.devices.local import Local
from edgehone.errors import DeviceError
from edgehone.runners._base import Supplies
from edgehone.runners.native import Native
from edgehone.runners.setup.installation import Installation, installation_of
from edgehone.targets import Target
from edgehone.values import Event

LIMIT_S = 120.0


class Board(Local):
    """This machine as one that has to be set up."""

    PYTHON: ClassVar[tuple[str, ...]] = ()


@pytest.fixture
def supplies(tmp_path: Path) -> Supplies:
    found = speakers.libraries(tmp_path)
    return Supplies(libraries={name: Path(path) for name, path in found.items()})


def target(architecture: str = "any") -> Target:
    return replace(targets.named("local"), program="native", architecture=architecture)


def program(folder: Path, script: str) -> Supplies:
    file = folder / "given"
    file.write_text(f"#!/bin/sh\n{script}\n")
    return Supplies(program=file, libraries={"litert": file, "onnxruntime": file})


@pytest.mark.peer
@pytest.mark.slow
def test_native_runner_is_fitted_and_answers(supplies: Supplies, tmp_path: Path) -> None:
    board, events = Board(""), list[Event]()
    installation = Native().install(board, target(), replace(supplies, progress=events.append))
    assert installation == installation_of(board, "board")
    assert installation.packages["ai-edge-litert"]
    assert [event.stage for event in events] == ["look", "build", "send", "try"]
    model = tiny_models.net(tmp_path)
    board.put(model, PurePosixPath("m.tflite"), timeout_s=LIMIT_S)
    job = {"id": "0", "kind": "latency", "runtime": "litert", "model": "m.tflite", **speakers.TIMES}
    request = {"protocol": 2, "libraries": dict(installation.libraries), "jobs": [job]}
    on_line = list[str]()
    finished = Native().ask(board, installation, request, timeout_s=LIMIT_S, on_line=on_line.append)
    assert finished.exit_code == 0
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["start", "job", "end"]
    assert lines[1]["runs"] >= 20
    assert [json.loads(line) for line in on_line] == lines


def test_native_runner_of_another_source_is_not_asked() -> None:
    installation = Installation("native", ("bin/runner",), source="0" * 64)
    with pytest.raises(DeviceError, match="another version") as caught:
        Native().ask(Board(""), installation, {"protocol": 2, "jobs": []}, timeout_s=LIMIT_S)
    assert "devices setup" in caught.value.hint


@pytest.mark.slow
def test_native_runner_refuses_a_target_of_another_architecture(supplies: Supplies) -> None:
    with pytest.raises(DeviceError, match="for armv7l") as caught:
        Native().install(Board(""), target("armv7l"), supplies)
    assert "Take a target" in caught.value.hint


@pytest.mark.slow
def test_native_runner_for_another_processor_is_told_at_set_up(tmp_path: Path) -> None:
    given = program(tmp_path, "")
    (tmp_path / "given").write_bytes(b"\x7fELF" + bytes(100))
    board = Board("")
    with pytest.raises(DeviceError, match="another processor"):
        Native().install(board, target(), given)
    with pytest.raises(DeviceError, match="not set up"):
        installation_of(board, "board")


@pytest.mark.slow
def test_native_runner_for_a_newer_glibc_is_told_at_set_up(tmp_path: Path) -> None:
    said = "bin/runner: /lib/libc.so.6: version \\`GLIBC_2.99' not found (required by bin/runner)"
    with pytest.raises(DeviceError, match=r"needs glibc 2\.99"):
        Native().install(Board(""), target(), program(tmp_path, f'echo "{said}" >&2; exit 1'))


@pytest.mark.peer
@pytest.mark.slow
def test_library_that_is_none_is_told_at_set_up(tmp_path: Path) -> None:
    needs.program("cc")
    text = tmp_path / "libLiteRt.so"
    text.write_text("no library")
    libraries = {"litert": text, "onnxruntime": text}
    with pytest.raises(DeviceError, match="litert does not work on the device"):
        Native().install(Board(""), target(), Supplies(libraries=libraries))
