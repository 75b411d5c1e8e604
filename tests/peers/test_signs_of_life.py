"""A device that stops answering is given up by its silence; one process measures at a time."""

import os
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from tests import lives
from tests.host import ended
from tests.lab import install
from tests.lives import World
from tests.ssh_server import SshServer

from edgehone.devices.local import Local
from edgehone.devices.ssh import Ssh
from edgehone.errors import DeviceError
from edgehone.measure.device import resolve
from edgehone.measure.exchange import ask
from edgehone.measure.liveness import LONGEST_S, START_S, Liveness
from edgehone.measure.request import request
from edgehone.system import processes

pytestmark = pytest.mark.peer

STILL = 20
"""How many looks in a row, 20 ms apart, a job must be seen in to be one that lasts."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.slow
def test_stopped_runner_is_given_up_long_before_its_deadline(world: World) -> None:
    with world.measuring("--on", "quick") as command:
        (runner, *_) = lives.runners(command.pid)
        family = lives.started(command.pid, "requests/")
        os.kill(runner, signal.SIGSTOP)
        said = ended(command, lives.LIMIT_S)
    deadline_s = request(resolve("local"), [{"id": "0", "kind": "latency"}], threads=1, seed=0)
    assert deadline_s["deadline_s"] > lives.LIMIT_S
    assert said.exit_code == 4
    assert "Device 'long' was given up: no sign of life for " in said.error
    assert "in the middle of job 0/" in said.error
    assert list(said.verdicts()) == ["quick/dense-float32.tflite"]
    assert lives.all_ended(family)
    assert world.left() == []


@pytest.mark.slow
def test_device_that_is_alone_and_stops_ends_the_command_with_4(world: World) -> None:
    with world.measuring() as command:
        for each in reversed(lives.runners(command.pid)):
            os.kill(each, signal.SIGSTOP)
        said = ended(command, lives.LIMIT_S)
    assert said.exit_code == 4
    assert said.document["error"]["exit_code"] == 4
    assert "no sign of life" in said.error
    assert "check the device" in said.document["error"]["hint"]
    assert world.left() == []


@pytest.mark.slow
def test_runner_that_goes_on_in_time_is_waited_for(world: World) -> None:
    with lives.running(world.start("bench", world.model, "--on", "quick")) as command:
        lives.until(lambda: bool(lives.runners(command.pid)) or command.poll() is not None, "it")
        for runner in lives.runners(command.pid)[:1]:
            os.kill(runner, signal.SIGSTOP)
            lives.until(partial(lives.is_idle, runner), "the end of its job")
            os.kill(runner, signal.SIGCONT)
        assert ended(command).exit_code == 0


def test_program_that_says_nothing_is_ended_when_it_is_overdue() -> None:
    found = processes.run(
        ["sleep", "1000"], timeout_s=900.0, on_line=lambda line: None, overdue=lambda: True
    )
    assert found.silent
    assert found.timed_out
    assert found.ended_by == "silence"


def test_vigil_holds_a_program_to_what_it_promised() -> None:
    liveness = Liveness(0.0)
    assert not liveness.overdue()  # it has START_S to begin
    liveness.on_line({"event": "start"})
    on_line = time.monotonic()
    lives.until(lambda: time.monotonic() > on_line, "a later moment")
    assert not liveness.overdue()  # it has promised nothing yet
    liveness.on_line({"event": "alive", "job": "0/latency/0", "within_s": 3600.0})
    assert not liveness.overdue()
    liveness.on_line({"event": "job", "job": "0/latency/0"})
    lives.until(liveness.overdue, "the end of its patience")
    assert START_S < LONGEST_S


@pytest.mark.parametrize("nonsense", [None, "60", [60], {}, True, -1.0, float("nan")])
def test_promise_that_is_no_number_is_none(nonsense: object) -> None:
    liveness = Liveness(0.0)
    liveness.on_line({"event": "alive", "job": nonsense, "within_s": nonsense})
    lives.until(liveness.overdue, "the end of its patience")


def test_promise_for_ever_is_bounded() -> None:
    liveness = Liveness(-LONGEST_S)
    for promised in (float("inf"), 1e300, 10**400):
        liveness.on_line({"event": "alive", "within_s": promised})
        lives.until(liveness.overdue, "the end of its patience")


# ------------------------------------------------------------ one at a time on this machine


@pytest.mark.slow
def test_second_command_waits_for_the_first_and_says_for_whom(world: World) -> None:
    with world.measuring() as first:
        second = world.start("bench", world.model, "--on", "quick")
        with lives.running(second):
            assert second.stderr is not None
            text = next(line for line in second.stderr if line.startswith("wait"))
            assert f"process {first.pid} of " in text
            assert " since " in text
            assert lives.jobs(second.pid) == []
            lives.end(first, signal.SIGTERM)
            assert ended(second).exit_code == 0


@pytest.mark.slow
def test_lock_that_stays_held_ends_in_a_device_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEHONE_LOCK", str(world.lock))
    monkeypatch.setattr("edgehone.measure.request.HOST_LOCK_WAIT_S", 0.5)
    jobs = [{"id": "0/memory", "kind": "memory", "runtime": "litert", "model": "none"}]
    with world.measuring(), pytest.raises(DeviceError) as caught:
        ask(resolve("local"), jobs, threads=1, seed=0)
    assert "Another process is measuring on 'local'" in caught.value.message
    assert "Wait until it has finished" in caught.value.hint


@pytest.mark.slow
def test_killed_holder_holds_nobody_up(world: World) -> None:
    with world.measuring() as first:
        first.kill()
    assert world.edgehone("bench", world.model, "--on", "quick").exit_code == 0


def test_every_way_to_this_machine_looks_at_the_same_lock() -> None:
    assert Local("").lock == resolve("arm-emulated").transport.lock


# ------------------------------------------------------------ elsewhere


@pytest.mark.slow
def test_stopped_runner_behind_ssh_is_given_up_and_ended_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would hold the device's lock for as long as it is there."""
    with SshServer(tmp_path / "board") as server:
        world.environment["EDGEHONE_SSH_CONFIG"] = str(server.config)
        monkeypatch.setenv("EDGEHONE_SSH_CONFIG", str(server.config))
        install(Ssh(server.address.removeprefix("ssh://")))
        world.device("board", "minutes", server.address)
        with lives.running(world.start("bench", world.model, "--on", "board")) as command:
            there = at_work(server.home)
            os.kill(min(there), signal.SIGSTOP)
            left = there
            try:
                said = ended(command, lives.LIMIT_S)
                left = [each for each in there if not lives.all_ended([each])]
            finally:
                for each in left:  # a stopped one would hold this machine's lock
                    with suppress(ProcessLookupError):
                        os.kill(each, signal.SIGKILL)
    assert said.exit_code == 4
    assert "Device 'board' was given up: no sign of life" in said.error
    assert left == []


def at_work(home: Path) -> list[int]:
    """The runner program there and its job; not one that only answered what the device is."""
    seen: list[list[int]] = []

    def stays() -> bool:
        seen.append(runners_in(home))
        return len(seen[-1]) > 1 and seen[-STILL:] == [seen[-1]] * STILL

    lives.until(stays, "a job")
    return seen[-1]


def runners_in(home: Path) -> list[int]:
    """Runner programs, and their jobs, that work in a folder of this machine."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            there = (process / "cwd").readlink().is_relative_to(home)
            if there and "requests/" in lives.line(int(process.name)):
                found.append(int(process.name))
    return [each for each in found if "sh -c" not in lives.line(each)]
