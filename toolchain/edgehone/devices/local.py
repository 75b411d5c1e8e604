"""The machine edgehone itself runs on, in a private temporary folder."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import ClassVar

from edgehone.devices import _host, _host_folder
from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.system import processes
from edgehone.system.processes import Finished


class Local(Transport):
    """Runs programs in a folder that goes when the device does; measures with edgehone's Python."""

    ON_HOST: ClassVar[bool] = True
    SILENCE_S: ClassVar[float] = 10.0
    PYTHON: ClassVar[tuple[str, ...]] = (sys.executable,)

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._temporary = TemporaryDirectory(prefix="edgehone-", ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name)

    @property
    def lock(self) -> str:
        """The same for all processes of this machine."""
        return _host.lock()

    def is_host(self) -> bool:
        """It is this machine."""
        return True

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the folder; skipped when the same content is there already."""
        _host_folder.put(self._folder, source, name)

    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy a file out of the folder. Raises DeviceError when it is not there."""
        _host_folder.get(self._folder, name, destination, of="local", hint="Measure again.")

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        heard: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run `argv` in the folder."""
        try:
            return processes.run(
                argv,
                timeout_s=timeout_s,
                folder=self._folder,
                heard=heard,
                overdue=overdue,
                hold_input=True,
            )
        except OSError as error:
            message = f"{argv[0]} cannot be started here: {error.strerror or error}."
            raise DeviceError(message, "Check that it is installed and may be run.") from error

    def remove(self, *, timeout_s: float) -> None:
        """Empty the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
