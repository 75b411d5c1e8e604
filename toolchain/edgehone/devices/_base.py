"""What a device is to the rest: a folder of its own, files put and got, and programs run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from edgehone.system.processes import Finished


@dataclass(frozen=True)
class EmulatedMachine:
    """A machine that this one makes up: `machine` as `uname -m` would say there, and its glibc."""

    machine: str
    glibc: tuple[int, int]


class Transport(ABC):
    """How a device is reached; a variant's module name is the scheme of its addresses.

    Every call takes a time limit in seconds and raises DeviceError when the device is
    unreachable or lost, and ConfigError when the address is none. Paths on the device are relative
    to edgehone's own folder there. Nothing is connected to before the first call.
    """

    EMULATED: ClassVar[bool] = False

    ON_HOST: ClassVar[bool] = False
    """Whether it uses this machine's processors, so that no two of the kind measure at once."""

    PYTHON: ClassVar[tuple[str, ...]] = ()
    """A Python there that has all it needs, so that the device needs no set-up; usually none."""

    LOCK: ClassVar[str] = ""
    """A file there whose lock says that somebody measures; "": nobody else can."""

    SILENCE_S: ClassVar[float] = 40.0
    """How long a program that gives signs of life may be silent: longer than a link may stall."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def lock(self) -> str:
        """The file to lock for a measurement there."""
        return self.LOCK

    @property
    def identity(self) -> str:
        """What tells what is there from something else that had the same address; usually ""."""
        return ""

    @property
    def emulated_machine(self) -> EmulatedMachine | None:
        """What is made up there; None: a real machine, which must be asked, and set up by the user.

        An emulated machine runs only programs that are copied there, and is set up at first use.
        """
        return None

    def is_host(self) -> bool:
        """Whether what is computed there is computed by this machine, with the same libraries."""
        return False

    @abstractmethod
    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the device as `name`; skipped when the same content is there already.

        An interrupted copy leaves the old file or none. Files in the folder `bin` may be run.
        """

    @abstractmethod
    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy `name` from the device to `destination`, whole or not at all.

        Raises FileMissingError that names it when it is not there.
        """

    @abstractmethod
    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run a program of the device in edgehone's folder there; each word reaches it unchanged.

        argv[0]: a program on its path, or, with a slash, a file in the folder. `on_line` gets every
        line of its output as it comes, perhaps from another thread; `overdue` is asked meanwhile
        whether to give it up, as at the time limit. Its standard input stays open
        and empty until it ends, and closes when edgehone or the link does. Raises DeviceError when
        there is no such program; how it ends, by a signal too, is the caller's to judge.
        """

    @abstractmethod
    def remove(self, *, timeout_s: float) -> None:
        """Take edgehone's folder away from the device."""

    def close(self) -> None:  # noqa: B027 # most have nothing to let go
        """Let go of connections; the next call makes them anew."""
