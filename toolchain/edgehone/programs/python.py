"""The runner in Python, for devices that have an interpreter."""

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edgehone import targets
from edgehone.devices._base import Transport
from edgehone.files import sha256_of, write_whole
from edgehone.processes import Finished
from edgehone.programs._base import Program, Supplies
from edgehone.programs.fitting import Fitting
from edgehone.targets import Target
from edgehone.values import Plain

TRANSFER_S = 120.0


class Python(Program):
    """One file that the device's Python runs; it goes there with the first request."""

    def fit(self, transport: Transport, target: Target, supplies: Supplies) -> Fitting:
        """Bring wheels for the device's Python."""
        raise NotImplementedError

    def ask(
        self,
        transport: Transport,
        fitting: Fitting,
        request: Plain,
        *,
        timeout_s: float,
        heard: Callable[[str], None] | None = None,
    ) -> Finished:
        """Send the runner and the request, and run the one on the other."""
        program = _put(transport, targets.runner_source("runner.py"), "runner")
        with TemporaryDirectory(prefix="edgehone-") as scratch:
            file = Path(scratch) / "request.json"
            write_whole(file, json.dumps(request))
            asked = _put(transport, file, "requests")
        return transport.run([*fitting.command, program, asked], timeout_s=timeout_s, heard=heard)


def _put(transport: Transport, file: Path, folder: str) -> str:
    name = PurePosixPath(folder) / f"{sha256_of(file)}{file.suffix}"
    transport.put(file, name, timeout_s=TRANSFER_S)
    return str(name)
