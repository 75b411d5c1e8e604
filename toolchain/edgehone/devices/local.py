"""The machine edgehone itself runs on, in a private temporary folder."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from edgehone.devices._host_folder import HostFolder
from edgehone.errors import DeviceError
from edgehone.system import processes
from edgehone.system.processes import Finished


class Local(HostFolder):
    """Runs programs in a folder that goes when the device does; measures with edgehone's Python."""

    ON_HOST: ClassVar[bool] = True
    SAID: ClassVar[str] = "local"
    SILENCE_S: ClassVar[float] = 10.0
    PYTHON: ClassVar[tuple[str, ...]] = (sys.executable,)

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._temporary = TemporaryDirectory(prefix="edgehone-", ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name)

    def is_host(self) -> bool:
        """It is this machine."""
        return True

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run `argv` in the folder."""
        try:
            return processes.run(
                argv,
                timeout_s=timeout_s,
                folder=self._folder,
                on_line=on_line,
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
