"""Bringing a program to a device, and taking everything away from it again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.actions.devices.readiness import device_readiness
from edgehone.errors import UsageError
from edgehone.measure.device import Device
from edgehone.runners._base import Runner, Supplies
from edgehone.system import variants
from edgehone.values import Progress

REMOVE_S = 120.0

LIBRARIES = {"liblitert": "litert", "libonnxruntime": "onnxruntime"}
"""Runtimes by how the names of their libraries begin, in small letters."""


@dataclass(frozen=True)
class SetupRequest:
    """What the user asks for: a program's name, a file of it, libraries as FILE or RUNTIME=FILE."""

    runner: str
    program: Path | None = None
    libraries: tuple[str, ...] = ()


def set_up(device: Device, request: SetupRequest, progress: Progress) -> dict[str, Any]:
    """Bring a program to a device, which is then tried: {"name", "target", "program", "packages",
    "libraries", "removed"}; program None: the device is fitted already, being this machine.
    """
    detail = {"name": device.name, "target": device.target.name, "removed": False}
    if device.transport.PYTHON:
        return {**detail, "program": None, "packages": {}, "libraries": {}}
    files = [request.program] if request.program else []
    libraries = dict(library(text) for text in request.libraries)
    for file in (*files, *libraries.values()):
        if not file.is_file():
            raise UsageError(f"File not found: {file}.", "Check the path.")
    program = variants.load("edgehone.runners", Runner, request.runner)()
    supplies = Supplies(request.program, libraries, progress)
    try:
        installation = program.install(device.transport, device.target, supplies)
    finally:
        device.transport.close()
    return {
        **detail,
        "program": installation.program,
        "packages": dict(installation.packages),
        "libraries": dict(installation.libraries),
    }


def strip(device: Device) -> dict[str, Any]:
    """Take edgehone's folder away, after the settings that a killed program left are put back."""
    try:
        device_readiness(device)  # the program puts them back whenever it is asked anything
        device.transport.remove(timeout_s=REMOVE_S)
    finally:
        device.transport.close()
    return {"name": device.name, "target": device.target.name, "removed": True}


def library(text: str) -> tuple[str, Path]:
    """(runtime, file) of RUNTIME=FILE, or of a FILE whose name tells the runtime."""
    runtime, equals, file = text.partition("=")
    if equals and runtime in LIBRARIES.values():
        return runtime, Path(file)
    for beginning, named in LIBRARIES.items():
        if Path(text).name.lower().startswith(beginning):
            return named, Path(text)
    known = " or ".join(f"{each}={text}" for each in LIBRARIES.values())
    raise UsageError(f"Which runtime {text} is cannot be seen from its name.", f"Write {known}.")
