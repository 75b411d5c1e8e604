"""Whether a device is at full speed and idle now, so that what it measures can be trusted."""

from edgehone.errors import DeviceError
from edgehone.measure.conditions import state_of
from edgehone.measure.device import Device
from edgehone.measure.exchange import ask
from edgehone.measure.rounds import Fastest, disturbance
from edgehone.targets import Target
from edgehone.values import Plain


def is_steady(device: Device) -> bool:
    """Whether the device says so; one that cannot be asked is not."""
    try:
        machine = ask(device, [], threads=device.target.threads, seed=0).machine
    except DeviceError:
        return False
    return not disturbances(machine, device.target)


def disturbances(machine: Plain, target: Target) -> list[str]:
    """A remark on each thing that would disturb a measurement: heat, a weak supply, other work.

    machine: what the device says of itself.
    """
    now = machine.get("conditions") or {}
    return [*_hot_remark(now, target), *busy_remark(now, machine, target)]


def busy_remark(now: Plain, machine: Plain, target: Target) -> list[str]:
    """A remark when other work keeps the processors busy, by the target's idle load.

    now: the conditions that the device reported.
    """
    load, cpus = now.get("load1"), machine.get("cpus") or 1
    if load is None or load <= target.idle_load * cpus:
        return []
    return [f"It is busy (load {load:.2f} on {cpus} processors): end other work first."]


def _hot_remark(now: Plain, target: Target) -> list[str]:
    """A remark when heat or its power supply slows the device down, as it would reject a block."""
    state = state_of({"conditions": {"before": {}, "after": now}})
    reason = disturbance(state, Fastest(None, None), target)
    return [f"It is not at full speed ({reason}): let it cool, check its supply."] if reason else []
