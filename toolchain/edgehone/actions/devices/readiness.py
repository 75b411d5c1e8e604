"""Whether a device can be reached and is cool and quiet enough to measure on."""

from typing import Any

from edgehone.errors import DeviceError, NotSetUpError
from edgehone.measure.device import Device
from edgehone.measure.exchange import ask
from edgehone.measure.settling import disturbances
from edgehone.values import Plain

STEADY_GOVERNORS = ("", "performance")


def device_readiness(device: Device) -> dict[str, Any]:
    """What the device says of itself, and remarks on what could disturb a measurement.

    {"name", "target", "emulated", "reachable", "fit", "runtimes": {name: version}, "remarks"}.
    Fit: reachable, with a runtime, at full speed, and idle. A device that cannot be reached is a
    value here.
    """
    info = device.info
    found: dict[str, Any] = {
        "name": info.name,
        "target": info.target,
        "emulated": info.emulated,
        "reachable": False,
        "fit": False,
        "runtimes": {},
        "remarks": [],
    }
    try:
        machine = ask(device, [], threads=device.target.threads, seed=0).machine
    except DeviceError as error:
        reachable = isinstance(error, NotSetUpError)
        return {**found, "reachable": reachable, "remarks": [error.message, error.hint]}
    runtimes = {name: version for name, version in machine.get("runtimes", {}).items() if version}
    stopping = [] if runtimes else ["It has no runtime: install ai-edge-litert or onnxruntime."]
    stopping += _other_kind(device)
    now = machine.get("conditions") or {}
    if not device.target.emulated:  # no count depends on these
        stopping += disturbances(machine, device.target)
    remarks = [*stopping, *_minor_remarks(now, emulated=info.emulated)]
    return {
        **found,
        "reachable": True,
        "fit": not stopping,
        "runtimes": runtimes,
        "machine": dict(machine),
        "remarks": remarks,
    }


def _other_kind(device: Device) -> list[str]:
    """Why the device may not be what its target says."""
    try:
        doubt = device.doubt
    except DeviceError as error:
        return [f"{error.message} {error.hint}"]
    return [f"{doubt[0].upper()}{doubt[1:]}."] if doubt else []


def _minor_remarks(now: Plain, *, emulated: bool) -> list[str]:
    remarks = []
    governor = now.get("governor")
    if governor is not None and governor not in STEADY_GOVERNORS:
        remarks.append(f"Its clock governor is {governor}; with performance times vary less.")
    if emulated:
        remarks.append("It is emulated: its times say nothing about a real device.")
    return remarks
