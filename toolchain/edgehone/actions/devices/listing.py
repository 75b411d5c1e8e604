"""The rows of `edgehone devices`: configured devices asked all at once, and phones found by adb."""

import time
from collections.abc import Container, Sequence
from threading import Thread
from typing import Any

from edgehone.actions.devices.readiness import device_readiness
from edgehone.actions.settings import Setting
from edgehone.devices import adb
from edgehone.errors import DeviceError, EdgehoneError
from edgehone.measure.device import Device
from edgehone.system import processes

ANSWER_S = 60.0
"""How long a device has to say how it is, its runtimes imported from a slow card. One that is off
or away is known much sooner.
"""

STATES = {
    "unauthorized": "Unlock its screen and allow USB debugging by this computer.",
    "no permissions": "Give your user access to its USB port (udev rules), or plug it in again.",
}
"""What to do about a state that adb tells of."""

Row = dict[str, Any]


def rows(setting: Setting, names: Sequence[str] = ()) -> list[Row]:
    """A row {"name", "target", "reachable", "fit", "runtimes", "remarks", …} for each device.

    names: those asked for, which must be known; otherwise all that have a name, one that is
    configured wrongly being a row that says so, and those that adb sees besides.
    """
    if names:
        return _answers({name: setting.device(name) for name in dict.fromkeys(names)})
    devices, wrong = dict[str, Device](), dict[str, Row]()
    for name in setting.device_names():
        try:
            devices[name] = setting.device(name)
        except EdgehoneError as error:
            wrong[name] = _row(name, "", error.message, error.hint)
    answers = {row["name"]: row for row in _answers(devices)} | wrong
    known = {device.transport.address.partition("/")[0] for device in devices.values()}
    return [*(answers[name] for name in setting.device_names()), *_discovered(known)]


def _answers(devices: dict[str, Device]) -> list[Row]:
    """What each device says of itself, in ANSWER_S; a dead one does not hide the others."""
    answered: dict[str, Row] = {}
    broken: list[BaseException] = []

    def listen(name: str, device: Device) -> None:
        try:
            answered[name] = device_readiness(device)
        except EdgehoneError as error:
            answered[name] = _row(name, device.target.name, error.message, error.hint)
        except BaseException as error:  # raised again where it can be seen
            broken.append(error)
        finally:
            device.transport.close()

    threads = [Thread(target=listen, args=each, daemon=True) for each in devices.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + ANSWER_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        processes.end_all()
    if broken:
        raise broken[0]
    silence = f"It did not answer within {ANSWER_S:.0f} s."
    return [
        answered.get(name) or _row(name, device.target.name, silence, "Check that it is up.")
        for name, device in devices.items()
    ]


def _discovered(known: Container[str]) -> list[Row]:
    """Android devices that adb sees and nobody has given a name."""
    try:
        found = [each for each in adb.discovered() if each.serial not in known]
    except DeviceError as error:
        return [_row("adb", "", error.message, error.hint)]
    return [_unnamed(each.serial, each.state, each.model) for each in found]


def _unnamed(serial: str, state: str, model: str) -> Row:
    address = f"adb://{serial}"
    if state != "device":
        return _row(address, "", f"adb says: {state}.", STATES.get(state, "Plug it in again."))
    add = f"edgehone devices add NAME android-arm64 {address}"
    return _row(address, "", f"{model or 'An Android device'} without a name.", f"Add it: {add}")


def _row(name: str, target: str, *remarks: str) -> Row:
    """The row of a device that says nothing itself."""
    unknown = {"emulated": False, "reachable": False, "fit": False, "runtimes": {}}
    return {"name": name, "target": target, **unknown, "remarks": list(remarks)}
