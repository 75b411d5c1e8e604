"""A request carries what the target says of measuring there."""

import os
from dataclasses import replace

import pytest

from edgehone.measure.device import Device, resolve
from edgehone.measure.request import COOL_MARGIN_C, HOST_LOCK_WAIT_S, LOCK_WAIT_S, request
from edgehone.targets import Sensors, Steady, Switch

JOBS = [{"id": "0/memory", "kind": "memory"}]
BOARD = resolve("arm-cpu@scripted://")


def board(**facts: object) -> Device:
    return replace(BOARD, target=replace(BOARD.target, **facts))  # type: ignore[arg-type]


def test_request_pins_senses_and_sets_as_the_target_says() -> None:
    switch = Switch(("cmd", "power", "on"), ("cmd", "power", "off"))
    device = board(
        big_cores=(4, 5),
        sensors=Sensors(commands={"throttled": ("vcgencmd", "get_throttled")}),
        steady=Steady({"/sys/x": "performance"}, (switch,)),
    )
    found = request(device, JOBS, threads=2, seed=3)
    assert found["cores"] == [4, 5]
    assert (found["threads"], found["seed"]) == (2, 3)
    assert found["sensors"]["commands"] == {"throttled": ("vcgencmd", "get_throttled")}
    assert found["sensors"]["clock_khz"].startswith("/sys/")
    assert found["steady"] == {
        "files": {"/sys/x": "performance"},
        "commands": ({"on": switch.on, "off": switch.off},),
    }


def test_request_waits_until_it_is_cool_and_idle() -> None:
    device = board(temperature_limit_c=80.0, idle_load=0.4, patience_s=60.0)
    found = request(device, JOBS, threads=1, seed=0)
    expected = {"temperature_c": 80.0 - COOL_MARGIN_C, "load_per_core": 0.4, "wait_s": 60.0}
    assert found["calm"] == expected
    impatient = request(board(patience_s=0.0), JOBS, threads=1, seed=0)
    assert impatient["calm"] is None
    assert found["deadline_s"] == impatient["deadline_s"] + 60.0


def test_request_locks_where_others_could_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert request(BOARD, JOBS, threads=1, seed=0)["lock"] is None
    monkeypatch.setattr(type(BOARD.transport), "LOCK", "/tmp/edgehone.lock")  # noqa: S108 # a name
    found = request(BOARD, JOBS, threads=1, seed=0)
    assert found["lock"]["path"] == "/tmp/edgehone.lock"  # noqa: S108
    assert found["lock"]["wait_s"] == LOCK_WAIT_S
    assert f"process {os.getpid()} of " in found["lock"]["by"]


def test_request_locks_this_machine_where_all_its_processes_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("EDGEHONE_LOCK", raising=False)
    for name in ("local", "arm-emulated"):
        found = request(resolve(name), JOBS, threads=1, seed=0)
        assert found["lock"]["path"] == resolve("arm-cpu@ssh://board").transport.lock
        assert found["lock"]["wait_s"] == HOST_LOCK_WAIT_S
        assert found["deadline_s"] > HOST_LOCK_WAIT_S
    monkeypatch.setenv("EDGEHONE_LOCK", "/shared/lock")
    assert request(resolve("local"), JOBS, threads=1, seed=0)["lock"]["path"] == "/shared/lock"


def test_request_without_jobs_waits_for_nothing_and_sets_nothing() -> None:
    found = request(board(steady=Steady({"/sys/x": "1"})), [], threads=1, seed=0)
    assert (found["calm"], found["lock"], found["steady"], found["jobs"]) == (None, None, None, [])
