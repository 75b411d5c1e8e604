"""Devices whose folder lies on this machine: files come and go by copying."""

import filecmp
from pathlib import Path, PurePosixPath
from typing import ClassVar

from edgehone.devices import _host
from edgehone.devices._base import Transport
from edgehone.errors import FileMissingError
from edgehone.system.files import copy_whole


class HostFolder(Transport):
    """A device on this machine's processors, with a folder of its own on this machine's disk."""

    SAID: ClassVar[str]
    """What errors call the device: the SAID device."""

    _folder: Path

    @property
    def lock(self) -> str:
        """The same for all processes of this machine."""
        return _host.lock()

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the folder; skipped when the same content is there already."""
        place = self._folder / name
        if not (place.is_file() and filecmp.cmp(source, place, shallow=False)):
            copy_whole(source, place)
        if name.parts[0] == "bin":
            place.chmod(0o755)

    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy a file out of the folder. Raises DeviceError when it is not there."""
        place = self._folder / name
        if not place.is_file():
            raise FileMissingError(f"The {self.SAID} device has no file {name}.", "Measure again.")
        copy_whole(place, destination)
