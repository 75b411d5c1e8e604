"""Machines that edgehone makes up on this one: fitted at first use, and again when it changed."""

from edgehone import targets, variants
from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.runners._base import Runner, Supplies
from edgehone.runners._counting import bring_counter
from edgehone.runners.setup.fitting import Fitting, fitting_of
from edgehone.system.files import sha256_of
from edgehone.targets import Target


def fitted(transport: Transport, target: Target, name: str) -> Fitting:
    """How a guest is fitted, once what it lacks has been brought there.

    What the user set up there stays, unless it was built of another edgehone's source. Raises
    DeviceError and ConfigError when this machine lacks what that takes.
    """
    found = _found(transport, name)
    if found is None:
        program = variants.load("edgehone.runners", Runner, target.program)()
        found = program.fit(transport, target, Supplies())
    if target.instructions:
        bring_counter(transport)
    return found


def _found(transport: Transport, name: str) -> Fitting | None:
    try:
        found = fitting_of(transport, name)
    except DeviceError:
        return None
    current = sha256_of(targets.runner_source("runner.c"))
    return found if found.source in ("", current) else None
