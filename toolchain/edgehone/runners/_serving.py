"""Which Python of a device runs there what a target asks for, and what to do when none does."""

from collections.abc import Iterator

from edgehone import targets
from edgehone.errors import DeviceError
from edgehone.runners._packages import choose
from edgehone.runners._probe import Facts, Interpreter, architecture_of
from edgehone.runners._wheels import Bundle, bundle
from edgehone.targets import Target
from edgehone.values import Event, Progress


def served(facts: Facts, target: Target, progress: Progress) -> tuple[Interpreter, Bundle]:
    """The first of the device's Pythons that wheels are to be had for, and they.

    Raises DeviceError that says of each why not.
    """
    reasons = []
    for python in facts.pythons:
        architecture = architecture_of(facts.machine, python.bits)
        if target.architecture not in ("any", architecture):
            reasons.append(
                f"{python.described} is for {architecture}, the target {target.architecture}"
            )
            continue
        choice = choose(target.packages, python, facts)
        if not isinstance(choice, str):
            progress(Event("fetch", f"wheels for {python.described}"))
            found = bundle(choice, python, facts)
            if isinstance(found, Bundle):
                missed = (f"Without {name}: {why}." for name, why in found.left_out.items())
                if note := " ".join([choice.note, *missed]).strip():
                    progress(Event("note", note))
                return python, found
            choice = found
        reasons.append(f"{python.described}: {choice}")
    raise _unserved(facts, target, reasons)


def _unserved(facts: Facts, target: Target, reasons: list[str]) -> DeviceError:
    """The error when no Python of the device can have what the target asks for."""
    if not reasons:
        return DeviceError(
            "The device has no Python 3.7 or newer with its standard library.",
            "Install one (Debian: apt-get install python3), or take --runner native.",
        )
    return DeviceError(
        f"No Python of the device can run the target's packages: {'; '.join(reasons)}.",
        " ".join(_ways_out(facts, target)),
    )


def _ways_out(facts: Facts, target: Target) -> Iterator[str]:
    """What a user can do about it, the surest first."""
    found = {architecture_of(facts.machine, python.bits): python for python in facts.pythons}
    if target.architecture not in ("any", *found):
        installation = [
            name
            for name, each in targets.profiles().items()
            if each.architecture in found and each.program == "python" and not each.emulated
        ]
        yield f"Take a target of that architecture ({', '.join(installation) or 'none is known'})."
    elif "armv7l" in found and not found["armv7l"].numpy:
        yield "On the device: apt-get install python3-numpy (a 1.x one), then run this again."
    elif facts.glibc is not None:
        yield "Give the device a newer system (for Raspberry Pi OS: bookworm or newer)."
    else:
        yield "Take a system with glibc, such as Debian or Raspberry Pi OS."
