"""Emulated machines are set up at first use, and again when the runner's source changed."""

from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.runners import _building
from edgehone.runners._base import Runner, Supplies
from edgehone.runners._counting import bring_counter
from edgehone.runners.setup.installation import Installation, installation_of
from edgehone.system import variants
from edgehone.targets import Target


def installed(transport: Transport, target: Target, name: str) -> Installation:
    """What is installed on an emulated machine, after what it lacks was copied there.

    What the user set up there stays, unless it was built of another edgehone's source. Raises
    DeviceError and ConfigError when this machine lacks what that takes.
    """
    found = _found(transport, name)
    if found is None:
        runner = variants.load("edgehone.runners", Runner, target.program)()
        found = runner.install(transport, target, Supplies())
    if target.instructions:
        bring_counter(transport)
    return found


def _found(transport: Transport, name: str) -> Installation | None:
    try:
        found = installation_of(transport, name)
    except DeviceError:
        return None
    return found if found.source in ("", _building.source_digest()) else None
