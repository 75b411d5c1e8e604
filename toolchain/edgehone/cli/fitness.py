"""Whether a device can be reached and is quiet enough to measure on."""

from typing import Any

from edgehone.errors import DeviceError, NotSetUpError
from edgehone.measure.device import Device
from edgehone.measure.exchange import ask
from edgehone.values import Plain

BUSY_LOAD = 0.5
"""Load average per processor above which other work is likely to disturb a measurement."""

STEADY_GOVERNORS = ("", "performance")


def fitness(device: Device) -> dict[str, Any]:
    """What the device says of itself, and remarks on what could disturb a measurement.

    {"name", "target", "emulated", "reachable", "fit", "runtimes": {name: version}, "remarks"}.
    Fit: reachable, with a runtime, and idle. A device that cannot be reached is a value here.
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
    busy = [] if device.target.emulated else busy_remark(machine)  # no count depends on it
    remarks = [*stopping, *busy, *_mild_remarks(machine, emulated=info.emulated)]
    return {
        **found,
        "reachable": True,
        "fit": not stopping and not busy,
        "runtimes": runtimes,
        "machine": dict(machine),
        "remarks": remarks,
    }


def busy_remark(machine: Plain) -> list[str]:
    """A remark when other work keeps the processors busy."""
    load, cpus = _condition(machine, "load1"), machine.get("cpus") or 1
    if load is None or load <= BUSY_LOAD * cpus:
        return []
    return [f"It is busy (load {load:.2f} on {cpus} processors): end other work first."]


def _mild_remarks(machine: Plain, *, emulated: bool) -> list[str]:
    remarks = []
    governor = _condition(machine, "governor")
    if governor is not None and governor not in STEADY_GOVERNORS:
        remarks.append(f"Its clock governor is {governor}; with performance times vary less.")
    if emulated:
        remarks.append("It is emulated: its times say nothing about a real device.")
    return remarks


def _condition(machine: Plain, name: str) -> Any:
    return {**machine, **(machine.get("conditions") or {})}.get(name)
