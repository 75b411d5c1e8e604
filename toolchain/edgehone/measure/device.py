"""Which device is meant: a configured name, `local`, or TARGET@ADDRESS."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Protocol

from edgehone import targets
from edgehone.devices._base import Transport
from edgehone.errors import ConfigError, UsageError
from edgehone.measure.device_kind import doubt_of
from edgehone.measure.recording import Recorder
from edgehone.runners.setup.emulated import installed
from edgehone.runners.setup.installation import Installation, installation_of
from edgehone.system import variants
from edgehone.system.bounds import NAME_CHARACTERS
from edgehone.system.library_errors import shortened
from edgehone.targets import Target
from edgehone.values import NOTHING, DeviceInfo


class Place(Protocol):
    """A device as the configuration names it: `[devices.NAME]` with target and address."""

    @property
    def target(self) -> str:
        """The kind of device."""

    @property
    def address(self) -> str:
        """Where it is: "local", or scheme://rest."""


@dataclass(frozen=True)
class Device:
    """A kind of device at a place; a recorder, if there is one, writes down what it answers."""

    name: str
    target: Target
    transport: Transport
    recorder: Recorder | None = None

    @property
    def info(self) -> DeviceInfo:
        """What results say about the device."""
        emulated = self.target.emulated or self.transport.EMULATED
        return DeviceInfo(self.name, self.target.name, emulated)

    @cached_property
    def doubt(self) -> str:
        """Why it is not known whether the device is of its target's kind; "" when it is, which it
        is asked once. Raises DeviceError when it is of another.
        """
        return doubt_of(self.transport, self.target, self.name)

    @cached_property
    def installation(self) -> Installation:
        """What is installed there, read once. An emulated machine is set up now. Raises DeviceError
        when the device is not set up.
        """
        if self.transport.emulated_machine is not None:
            return installed(self.transport, self.target, self.name)
        return installation_of(self.transport, self.name)


def resolve(name: str, configured: Mapping[str, Place] = NOTHING) -> Device:
    """The device meant by `name`; nothing is connected to yet.

    A target that says where it is (`local`, `arm-emulated`) is a device by that name. Raises
    UsageError for an unknown device, ConfigError for an unknown target or kind of address.
    """
    if name in configured:
        place = configured[name]
        return Device(name, targets.named(place.target), reach(place.address))
    target, at, address = name.partition("@")
    if at and target and address:
        return Device(name, targets.named(target), reach(address))
    always = {each.name: each for each in targets.profiles().values() if each.address}
    if name in always:
        return Device(name, always[name], reach(always[name].address))
    known = sorted({*always, *configured})
    close = get_close_matches(name[:NAME_CHARACTERS], known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
    text = shortened(name, NAME_CHARACTERS)
    raise UsageError(f"Unknown device {text!r}.", f"{hint} Or write TARGET@ADDRESS.")


def reach(address: str) -> Transport:
    """The transport for `local` or `scheme://rest`; the scheme is a module of `devices`."""
    scheme, _, rest = address.partition("://")
    known = variants.module_names("edgehone.devices")
    if scheme not in known:
        hint = f"An address is local or SCHEME://…, SCHEME one of {', '.join(known)}."
        raise ConfigError(f"No way to reach a device at {address!r} is known.", hint)
    return variants.load("edgehone.devices", Transport, scheme)(rest)
