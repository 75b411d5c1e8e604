"""Several devices at once, one job a device; what fails on one is a value and stops no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from edgehone.errors import EdgehoneError
from edgehone.measure.device import Device
from edgehone.system import processes
from edgehone.system.interface import in_thread
from edgehone.values import Event, Progress, silent

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """A device that did not do its job, and why."""

    device: str
    error: EdgehoneError


def lost_json(lost: Sequence[Lost]) -> list[dict[str, Any]]:
    """The devices that failed, each with what its error would have said alone."""
    return [
        {
            "device": each.device,
            "message": each.error.message,
            "hint": each.error.hint,
            "exit_code": each.error.exit_code,
        }
        for each in lost
    ]


def require_kinds(devices: Sequence[Device]) -> None:
    """Refuse a device of another kind than its target, where asking costs nothing: DeviceError."""
    for device in devices:
        if device.transport.is_host():
            device.doubt  # noqa: B018 - reading it refuses


@dataclass(frozen=True)
class Returned(Generic[T]):
    """What came back: a result by device, in the order asked, and the devices that failed."""

    results: tuple[tuple[Device, T], ...]
    lost: tuple[Lost, ...] = ()


def on_each(
    devices: Sequence[Device],
    job: Callable[[Device, Progress], T],
    progress: Progress = silent,
) -> Returned[T]:
    """Do a job on every device, at the same time on those that share no processor.

    One device alone raises its error; of several, those that fail are lost. Errors that are not
    edgehone's, and Ctrl-C, end all of them.
    """
    if len(devices) == 1:
        return Returned(((devices[0], job(devices[0], progress)),))
    workers = _Workers(job, _shared(progress))
    work = in_thread(workers.work)
    threads = [Thread(target=work, args=(each,), daemon=True) for each in _apart(devices)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        workers.end()
        raise
    if workers.broken:
        raise workers.broken[0]
    return Returned(
        tuple(
            (each, workers.results[each.name]) for each in devices if each.name in workers.results
        ),
        tuple(workers.lost[each.name] for each in devices if each.name in workers.lost),
    )


class _Workers(Generic[T]):
    """What the threads leave behind, by device name."""

    def __init__(self, job: Callable[[Device, Progress], T], progress: Progress) -> None:
        self._job, self._progress = job, progress
        self.results: dict[str, T] = {}
        self.lost: dict[str, Lost] = {}
        self.broken: list[BaseException] = []
        self._ended = False

    def end(self) -> None:
        """Begin on no further device, and kill what works for those at hand."""
        self._ended = True
        processes.end_all()

    def work(self, devices: Sequence[Device]) -> None:
        """One thread's share: these devices, one after another."""
        for device in devices:
            if self._ended:
                return
            try:
                self.results[device.name] = self._job(device, self._progress_of(device.name))
            except EdgehoneError as error:
                self.lost[device.name] = Lost(device.name, error)
            except BaseException as error:  # raised again where it can be seen
                self.broken.append(error)
                self.end()

    def _progress_of(self, name: str) -> Progress:
        return lambda event: self._progress(replace(event, who=name))


def _apart(devices: Sequence[Device]) -> list[list[Device]]:
    """Devices in groups that may work at the same time: one place, or this host, is one group."""
    groups: dict[tuple[str, str], list[Device]] = {}
    for device in devices:
        transport = device.transport
        key = ("host", "") if transport.ON_HOST else (type(transport).__name__, transport.address)
        groups.setdefault(key, []).append(device)
    return list(groups.values())


def _shared(progress: Progress) -> Progress:
    """The same progress, reported by one thread at a time."""
    lock = Lock()

    def forward(event: Event) -> None:
        with lock:
            progress(event)

    return forward
