"""An Arm machine that QEMU's user-mode emulation makes up on this one; it counts instructions."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar
from uuid import uuid4

from edgehone.devices._base import EmulatedMachine
from edgehone.devices._host_folder import HostFolder
from edgehone.devices._sysroot import MACHINE, PROCESSORS, glibc, sysroot
from edgehone.errors import ConfigError, DeviceError
from edgehone.system import processes
from edgehone.system.places import user_cache
from edgehone.system.processes import Finished

PROGRAM = f"qemu-{MACHINE}"

GET_QEMU = "Install qemu-user, in a build that takes plugins: Debian 12's and Ubuntu's do."

HELP_S = 30.0
PATH_BYTES = 200

COUNTER = "host/instructions.so"
"""The plugin that counts, in the folder; there once the device is set up."""


def takes_plugins(program: str) -> bool:
    """Whether a QEMU was built with plugins; ones that are linked statically are not."""
    try:
        finished = processes.run([program, "-help"], timeout_s=HELP_S)
    except OSError:
        return False
    return "-plugin" in finished.stdout


def padded(name: str, place: Path) -> str:
    """A name in `place` that makes for a path of PATH_BYTES, so that paths are as long everywhere.

    Runtimes keep the path of a model, which moves all that they allocate after it; ONNX Runtime's
    counts were seen to differ by 25 in 41,000 between two places.
    """
    return name.ljust(PATH_BYTES - len(os.fsencode(place)) - 1, "-")


class Qemu(HostFolder):
    """Runs Arm programs in a folder of the user's cache; the address names the CPU.

    The CPU is always given: the default, all that QEMU knows, sends LiteRT's int8 kernels down a
    path that QEMU does not compute rightly. Programs see none of this machine's environment.
    """

    SAID: ClassVar[str] = "emulated"
    EMULATED: ClassVar[bool] = True
    ON_HOST: ClassVar[bool] = True
    SILENCE_S: ClassVar[float] = 20.0

    def __init__(self, address: str) -> None:
        super().__init__(address)
        if address not in PROCESSORS:
            known = ", ".join(f"qemu://{name}" for name in PROCESSORS)
            raise ConfigError(f"No CPU {address!r} is emulated.", f"Known: {known}.")
        self._home = user_cache("devices").resolve() / f"qemu-{address}"
        self._folder = self._home / padded("folder", self._home)

    @property
    def emulated_machine(self) -> EmulatedMachine:
        """The machine that is made up."""
        return EmulatedMachine(MACHINE, glibc())

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run an Arm program of the folder. There is no other: nothing is on the path.

        With the counter there, it may mark points; the file in EDGEHONE_COUNTS has their counts.
        """
        name, program = PurePosixPath(argv[0]), self._folder / argv[0]
        inside = "/" in argv[0] and not name.is_absolute() and ".." not in name.parts
        if not inside or not program.is_file():
            raise DeviceError(
                f"The emulated device has no program {argv[0]!r}.",
                "Only Arm programs that were put into its folder run there.",
            )
        counts = self._folder / f"counts-{uuid4().hex}.txt"
        try:
            return processes.run(
                [*self._emulator(counts.name), f"./{name}", *argv[1:]],
                timeout_s=timeout_s,
                folder=self._folder,
                on_line=on_line,
                overdue=overdue,
                hold_input=True,
                clean=True,
            )
        except OSError as error:
            message = f"{PROGRAM} cannot be started here: {error.strerror or error}."
            raise DeviceError(message, GET_QEMU) from error
        finally:
            counts.unlink(missing_ok=True)

    def remove(self, *, timeout_s: float) -> None:
        """Take the folder away, and the machine's libraries with it."""
        shutil.rmtree(self._home, ignore_errors=True)

    def _emulator(self, counts: str) -> list[str]:
        """QEMU with everything that could change a count fixed.

        Symbols are bound at the start and not when they are first used, and what the kernel
        draws at random for a process is drawn from one seed. Names are relative to the folder,
        wherever that is: a longer one moves a program's stack, and QEMU splits plugin options at
        commas.
        """
        found = shutil.which(PROGRAM)
        if found is None:
            raise DeviceError(f"{PROGRAM} is not installed here.", GET_QEMU)
        root = sysroot(self._home, PROCESSORS[self.address])
        words = [found, "-cpu", self.address, "-L", str(root), "-seed", "1", "-E", "LD_BIND_NOW=1"]
        if (self._folder / COUNTER).is_file():
            if not takes_plugins(found):
                raise DeviceError(f"{found} takes no plugins, so it counts nothing.", GET_QEMU)
            words += ["-E", f"EDGEHONE_COUNTS={counts}", "-plugin", f"./{COUNTER},out={counts}"]
        return words
