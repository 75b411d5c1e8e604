"""The plugin with which an emulated device counts instructions, built for this machine's QEMU."""

import shutil
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edgehone import targets
from edgehone.devices._base import Transport
from edgehone.devices.qemu import COUNTER
from edgehone.errors import ConfigError, DeviceError
from edgehone.runners._building import OPTIONS, compile_with, zig

COPY_S = 60.0
GET_COMPILER = "Install a C compiler: gcc, or pip install ziglang."


def bring_counter(transport: Transport) -> None:
    """Build the plugin and put it where the emulator looks for it, unless it is there.

    Its source lies beside it and tells whether it is the present one. Raises ConfigError when this
    machine has no C compiler, or it fails.
    """
    source = targets.runner_source("instructions.c")
    beside = PurePosixPath(COUNTER).with_suffix(".c")
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        if _is_there(transport, beside, source, Path(scratch)):
            return
        built = Path(scratch) / PurePosixPath(COUNTER).name
        build(source, built)
        transport.put(built, PurePosixPath(COUNTER), timeout_s=COPY_S)
        transport.put(source, beside, timeout_s=COPY_S)


def build(source: Path, destination: Path) -> None:
    """Compile the plugin. Raises ConfigError when this machine has no C compiler, or it fails."""
    files = ["-o", str(destination), str(source), "-ldl"]
    compiler = host_compiler()
    if not compiler:
        raise ConfigError("This machine has no C compiler.", GET_COMPILER)
    words = [*compiler, *OPTIONS, "-shared", "-fPIC", *files]
    compile_with(words, "The plugin that counts instructions")


def host_compiler() -> tuple[str, ...]:
    """How this machine's own programs are compiled; () when it has no compiler."""
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return (found,)
    words = zig()
    return (*words, "cc") if words else ()


def _is_there(transport: Transport, name: PurePosixPath, source: Path, scratch: Path) -> bool:
    copy = scratch / "copy.c"
    try:
        transport.get(name, copy, timeout_s=COPY_S)
    except DeviceError:
        return False
    return copy.read_bytes() == source.read_bytes()
