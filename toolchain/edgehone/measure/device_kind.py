"""Whether a device is of the kind that its target describes: it is asked where it is measured."""

import platform
import struct
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from edgehone import targets
from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.runners._probe import ABIS, Facts, architecture_of, ask_kind
from edgehone.targets import Target

MODEL_FILES = ("/proc/device-tree/model", "/sys/class/dmi/id/product_name")
"""Where Linux says what machine it runs on: boards, and computers with a BIOS."""

SAME = {"arm64": "aarch64", "amd64": "x86_64"}
"""What other systems call architectures."""


def doubt_of(transport: Transport, target: Target, name: str) -> str:
    """Why it is not known whether the device `name` is of its target's kind; "" when it is.

    Raises DeviceError when it is of another kind. What is made up (scripts, emulators) is marked
    as such, and has no model.
    """
    if transport.EMULATED and transport.emulated_machine is None:
        return ""
    models = () if transport.EMULATED else target.models
    if target.architecture == "any" and not models:
        return ""
    facts = _facts(transport)
    if isinstance(facts, str):
        return f"{facts}, so nobody knows whether it is a {target.name}"
    found = architectures(facts)
    if target.architecture not in ("any", *found):
        if not any(found):
            return f"it does not say its architecture, so nobody knows if it is a {target.name}"
        raise _another(
            name, target, f"its processor is {found[0]}, not {target.architecture}", found
        )
    if not models or any(fnmatchcase(facts.model, pattern) for pattern in models):
        return ""
    if not facts.model:
        return f"it does not say its model, so nobody knows whether it is a {target.name}"
    raise _another(name, target, f"it says that it is {facts.model!r}", found)


def architectures(facts: Facts) -> tuple[str, ...]:
    """What programs of the device may be built for, its own first: 64-bit systems run 32-bit ones
    as well.
    """
    machine = SAME.get(facts.machine.lower(), facts.machine)
    own = ABIS.get(facts.abi) or architecture_of(machine, facts.bits)
    return tuple(dict.fromkeys((own, machine, architecture_of(machine, 32))))


def host_facts() -> Facts:
    """This machine and this Python."""
    bits = struct.calcsize("P") * 8
    own = architecture_of(SAME.get(platform.machine().lower(), platform.machine()), bits)
    return Facts(platform.system(), own, bits, model=_model(MODEL_FILES))


def _model(files: Sequence[str]) -> str:
    for file in files:
        with suppress(OSError):
            return Path(file).read_text(errors="replace").strip("\0\n ")
    return ""


def _facts(transport: Transport) -> Facts | str:
    """What a device says of itself; or, in words, that it does not."""
    if transport.emulated_machine is not None:
        return Facts("Linux", transport.emulated_machine.machine)
    if transport.is_host():
        return host_facts()
    return ask_kind(transport)


def _another(name: str, target: Target, text: str, found: Sequence[str]) -> DeviceError:
    matching = [
        each.name
        for each in targets.profiles().values()
        if each.architecture in (found[0], "any") and not each.models and not each.emulated
    ]
    return DeviceError(
        f"Device {name!r} is not of kind {target.name}: {text}.",
        f"Name it with a target of its own kind ({', '.join(matching)}), or correct its address.",
    )
