"""The runner in Python, for devices that have an interpreter."""

from collections.abc import Sequence

from edgehone import targets
from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.runners._base import Runner, Supplies
from edgehone.runners._probe import Facts, Interpreter, probe
from edgehone.runners._sending import TRANSFER_S, send
from edgehone.runners._serving import served
from edgehone.runners._trial import try_out
from edgehone.runners._wheels import Bundle
from edgehone.runners.setup.installation import Installation, record
from edgehone.targets import Target
from edgehone.values import Event, Progress

ARCHIVE_S = 1800.0
"""For 60 MB over a weak wireless link, and for unpacking them to a slow card."""

SPARE_BYTES = 64 * 2**20
"""Left free for compiled modules, models and data."""

_UNPACK = """\
import os, shutil, sys, zipfile
archive, site = sys.argv[1:]
part = site + ".part"
shutil.rmtree(part, ignore_errors=True)
try:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(part)
    os.rename(part, site)
finally:
    shutil.rmtree(part, ignore_errors=True)
    os.remove(archive)
"""

_CLEAR = 'for place in site-*; do if [ "$place" != "$1" ]; then rm -rf "$place"; fi; done'


class Python(Runner):
    """One file that the device's Python runs; it goes there with the first request."""

    def install(self, transport: Transport, target: Target, supplies: Supplies) -> Installation:
        """Bring wheels for the device's Python, in a folder of their own that it finds first."""
        progress = supplies.progress
        progress(Event("look", "what the device is"))
        facts = probe(transport)
        python, brought = served(facts, target, progress)
        site = f"site-{brought.key}"
        if site not in facts.sites:
            _require_space(facts, brought)
            _unpack(transport, python, brought, site, progress)
        installation = Installation(
            program="python",
            command=("env", f"PYTHONPATH={site}", python.path),
            packages=brought.packages,
        )
        progress(Event("try", python.described))
        try_out(self, transport, installation, target)
        record(transport, installation)
        if set(facts.sites) - {site}:
            transport.run(["sh", "-c", _CLEAR, "sh", site], timeout_s=TRANSFER_S)
        return installation

    def words(self, transport: Transport, installation: Installation) -> Sequence[str]:
        """The device's Python and the runner, which is sent unless it is there."""
        program = send(transport, targets.runner_source("runner.py"), "runner")
        return [*installation.command, program]


def _require_space(facts: Facts, brought: Bundle) -> None:
    """Raise DeviceError when archive and unpacked files will not both fit."""
    needed = brought.archive.stat().st_size + brought.unpacked_bytes + SPARE_BYTES
    if facts.free_bytes is not None and facts.free_bytes < needed:
        raise DeviceError(
            f"The device's disk has {facts.free_bytes >> 20} MiB free; {needed >> 20} are needed.",
            "Free some space there, then run the same set-up again.",
        )


def _unpack(
    transport: Transport, python: Interpreter, brought: Bundle, site: str, progress: Progress
) -> None:
    """Send an archive and unpack it there, whole or not at all."""
    progress(Event("send", f"{brought.archive.stat().st_size >> 20} MiB of wheels"))
    name = send(transport, brought.archive, "wheels", ARCHIVE_S)
    progress(Event("unpack"))
    finished = transport.run([python.path, "-c", _UNPACK, name, site], timeout_s=ARCHIVE_S)
    if finished.exit_code != 0:
        last = finished.stderr.strip().rpartition("\n")[2][:300] or "nothing"
        raise DeviceError(
            f"The wheels could not be unpacked on the device ({finished.ended_by}; {last}).",
            "Check the space and the state of its disk; then run the same set-up again.",
        )
