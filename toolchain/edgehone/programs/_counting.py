"""The plugin with which an emulated device counts instructions, built for this machine's QEMU."""

import importlib.util
import shutil
import sys
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edgehone import processes, targets
from edgehone.devices._base import Transport
from edgehone.devices.qemu import COUNTER
from edgehone.errors import ConfigError, DeviceError

BUILD_S = 120.0
OPTIONS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
GET_COMPILER = "Install a C compiler: gcc, or pip install ziglang."


def bring_counter(transport: Transport) -> None:
    """Build the plugin and put it where the emulator looks for it, unless it is there.

    Its source lies beside it and tells whether it is the present one. Raises ConfigError when this
    machine has no C compiler, or it fails.
    """
    source, beside = (
        targets.runner_source("instructions.c"),
        PurePosixPath(COUNTER).with_suffix(".c"),
    )
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        if _is_there(transport, beside, source, Path(scratch)):
            return
        built = Path(scratch) / PurePosixPath(COUNTER).name
        build(source, built)
        transport.put(built, PurePosixPath(COUNTER), timeout_s=BUILD_S)
        transport.put(source, beside, timeout_s=BUILD_S)


def build(source: Path, destination: Path) -> None:
    """Compile the plugin. Raises ConfigError when this machine has no C compiler, or it fails."""
    words = [*_compiler(), *OPTIONS, "-o", str(destination), str(source), "-ldl"]
    finished = processes.run(words, timeout_s=BUILD_S)
    if finished.exit_code != 0:
        last = finished.stderr.strip().rpartition("\n")[2][:300]
        raise ConfigError(
            f"{source.name} cannot be built here ({finished.ended_by}): {last}.",
            "Check that the C compiler works; without it no instructions are counted.",
        )


def _is_there(transport: Transport, name: PurePosixPath, source: Path, scratch: Path) -> bool:
    copy = scratch / "copy.c"
    try:
        transport.get(name, copy, timeout_s=BUILD_S)
    except DeviceError:
        return False
    return copy.read_bytes() == source.read_bytes()


def _compiler() -> list[str]:
    """How this machine's own programs are compiled."""
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if zig := shutil.which("zig"):
        return [zig, "cc"]
    if importlib.util.find_spec("ziglang") is None:
        raise ConfigError("This machine has no C compiler.", GET_COMPILER)
    return [sys.executable, "-m", "ziglang", "cc"]
