"""What a device is to the rest: a folder of its own, files put and got, and one program run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from edgehone.processes import Finished


class Transport(ABC):
    """How a device is reached; a variant's module name is the scheme of its addresses.

    Every call takes a time limit in seconds and raises DeviceError when the device is
    unreachable or lost. Paths on the device are relative to edgehone's own folder there.
    """

    EMULATED: ClassVar[bool] = False

    def __init__(self, address: str) -> None:
        self.address = address

    @abstractmethod
    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the device as `name`; skipped when the same content is there already."""

    @abstractmethod
    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy `name` from the device to `destination`, whole or not at all."""

    @abstractmethod
    def python(
        self,
        arguments: Sequence[str],
        *,
        timeout_s: float,
        heard: Callable[[str], None] | None = None,
    ) -> Finished:
        """Run the device's Python with `arguments` in edgehone's folder there.

        `heard` gets every line of its output as it comes, perhaps from another thread.
        """
