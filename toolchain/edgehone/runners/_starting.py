"""What it means when a program that was brought to a device does not even start there."""

import re

from edgehone.errors import DeviceError
from edgehone.system import installing

NEWER_GLIBC = re.compile(r"version .GLIBC_([\d.]+)' not found")
NO_LOADER = re.compile(
    r"required file not found|No such file or directory|: not found|Could not open '/lib/ld"
)
OTHER_PROCESSOR = re.compile(r"[Ee]xec format error|cannot execute|not executable|wrong ELF class")
RUNTIME = re.compile(r"The runtime (\S+) does not work")


def explained(error: DeviceError, program: str, architecture: str) -> DeviceError:
    """The error in words that say what the device lacks, where its message gives that away.

    program: what was to start; architecture: of the device.
    """
    text = error.message
    runtime = RUNTIME.search(text)
    if runtime:
        program = f"The library of {runtime[1]}"
    if found := NEWER_GLIBC.search(text):
        return DeviceError(
            f"{program} needs glibc {found[1]}, and the device has an older one.",
            "Bring one that was built for an older system: --program and --library take files of "
            "your own, and with a C compiler of edgehone's own they are built for glibc 2.28: "
            f"{installing.command('devices')}.",
        )
    if not runtime and NO_LOADER.search(text):
        return DeviceError(
            f"{program} does not start: the device has not the C library it is built for.",
            "It takes Linux with glibc, or Android; give a program of your own with --program.",
        )
    if OTHER_PROCESSOR.search(text):
        return DeviceError(
            f"{program} is built for another processor than the device's ({architecture}).",
            "Give a program and libraries for that architecture, or none to have them provided.",
        )
    return error
