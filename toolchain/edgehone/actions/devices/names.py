"""Gives devices names in the user's own configuration, and takes them away again."""

from dataclasses import dataclass

from edgehone import targets
from edgehone.config import DevicePlace, add_device, forget_device
from edgehone.errors import UsageError
from edgehone.measure.device import reach


@dataclass(frozen=True)
class Named:
    """A device that has a name: its target, its address, the file that says so, and what kind of
    device it is, in words.
    """

    name: str
    target: str
    address: str
    file: str
    description: str


def add(name: str, target: str, address: str, *, replace: bool = False) -> Named:
    """Give a device a name; it is not connected to. Raises UsageError for an unknown target or a
    name that is taken, DeviceError for an address of no known kind.
    """
    kind = targets.named(target)
    reach(address).close()
    if any(each.address for each in targets.profiles().values() if each.name == name):
        raise UsageError(f"{name!r} is a device that is always there.", "Take another name.")
    file = add_device(name, DevicePlace(target=target, address=address), replace=replace)
    return Named(name, target, address, str(file), kind.description)


def forget(name: str) -> dict[str, str]:
    """Take a device's name away; the device stays as it is: {"name", "file"}."""
    return {"name": name, "file": str(forget_device(name))}
