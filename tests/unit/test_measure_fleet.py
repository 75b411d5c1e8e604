"""Several devices work at once; one that fails stops no other, and nothing foreign is hidden."""

from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from edgehone.errors import DeviceError
from edgehone.measure.device import Device, resolve
from edgehone.measure.fleet import on_each
from edgehone.values import Event, Progress

WAIT_S = 20.0
MEETING_S = 0.1
"""How long a job waits for another that should not come."""


@dataclass(frozen=True)
class Place:
    address: str
    target: str = "arm-cpu"


def devices(**addresses: str) -> list[Device]:
    places = {name: Place(address) for name, address in addresses.items()}
    return [resolve(name, places) for name in addresses]


def apart(*names: str) -> list[Device]:
    return devices(**{name: f"scripted://{name}.json" for name in names})


@pytest.fixture(autouse=True)
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "c"):
        Path(f"{name}.json").write_text("{}")


def test_devices_work_at_the_same_time_and_keep_their_order() -> None:
    together = Barrier(3, timeout=WAIT_S)  # nobody passes alone

    def job(device: Device, progress: Progress) -> str:
        together.wait()
        return device.name.upper()

    found = on_each(apart("c", "a", "b"), job)
    assert [(device.name, result) for device, result in found.results] == [
        ("c", "C"),
        ("a", "A"),
        ("b", "B"),
    ]


def test_devices_at_one_place_take_turns() -> None:
    mine = devices(first="local", second="local", other="scripted://a.json")
    both_at_once, overlaps = Barrier(2), []

    def job(device: Device, progress: Progress) -> None:
        if device.name == "other":
            return
        try:
            both_at_once.wait(MEETING_S)
        except BrokenBarrierError:
            overlaps.append(False)
        else:
            overlaps.append(True)

    on_each(mine, job)
    assert overlaps == [False, False]


def test_a_device_that_fails_is_lost_and_the_others_are_not() -> None:
    def job(device: Device, progress: Progress) -> str:
        if device.name == "b":
            raise DeviceError("The board is off.", "Switch it on.")
        return device.name

    found = on_each(apart("a", "b", "c"), job)
    assert [result for _, result in found.results] == ["a", "c"]
    assert [(lost.device, lost.error.message) for lost in found.lost] == [
        ("b", "The board is off.")
    ]


def test_a_device_alone_raises_its_error() -> None:
    def job(device: Device, progress: Progress) -> str:
        raise DeviceError("The board is off.", "Switch it on.")

    with pytest.raises(DeviceError, match="off"):
        on_each(apart("a"), job)


def test_what_is_no_error_of_ours_is_never_taken_for_a_lost_device() -> None:
    def job(device: Device, progress: Progress) -> str:
        if device.name == "a":
            raise ZeroDivisionError
        return device.name

    with pytest.raises(ZeroDivisionError):
        on_each(apart("a", "b"), job)


def test_progress_says_whose_it_is() -> None:
    on_line: list[Event] = []

    def job(device: Device, progress: Progress) -> None:
        progress(Event("measure", "on it", 1, 2))

    on_each(apart("a", "b"), job, on_line.append)
    assert sorted(event.who for event in on_line) == ["a", "b"]
    assert {event.stage for event in on_line} == {"measure"}


@pytest.mark.parametrize("end", [ZeroDivisionError, KeyboardInterrupt])
def test_no_further_device_is_begun_on_once_all_is_to_end(end: type[BaseException]) -> None:
    begun: list[str] = []

    def job(device: Device, progress: Progress) -> None:
        begun.append(device.name)
        raise end

    with pytest.raises(end):
        on_each(devices(first="local", second="local"), job)
    assert begun == ["first"]
