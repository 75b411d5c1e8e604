"""What set-up installed on a device: the runner that answers there, and what it needs."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pydantic import ConfigDict, TypeAdapter, ValidationError

from edgehone.devices._base import Transport
from edgehone.errors import DeviceError, FileMissingError, NotSetUpError
from edgehone.system.bounds import TEXT_CHARACTERS
from edgehone.system.files import content, write_whole
from edgehone.values import NOTHING

RECORD = PurePosixPath("fitting.json")
CALL_S = 60.0
RUNTIMES = ("ai-edge-litert", "onnxruntime", "numpy")


@dataclass(frozen=True)
class Installation:
    """program: a name of `edgehone.runners`. command: how it is started, with the request's name
    to follow. libraries: files on the device by runtime, for programs that load them themselves.
    packages: versions of what was brought. source: SHA-256 of the program, where it was built.
    """

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)

    program: str
    command: tuple[str, ...]
    libraries: Mapping[str, str] = NOTHING
    packages: Mapping[str, str] = NOTHING
    source: str = ""


_RECORD = TypeAdapter(Installation)


def installation_of(transport: Transport, name: str) -> Installation:
    """What is installed on the device `name`. Raises NotSetUpError when it is not set up."""
    if transport.PYTHON:
        return Installation("python", transport.PYTHON, packages=_installed())
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / RECORD.name
        try:
            transport.get(RECORD, file, timeout_s=CALL_S)
        except FileMissingError as error:
            message = f"Device {name!r} is not set up."
            raise NotSetUpError(message, f"Run: edgehone devices setup {name}") from error
        try:
            found = content(file, TEXT_CHARACTERS, DeviceError)
            return _RECORD.validate_json(found)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "it"
            message = (
                f"What set-up left on device {name!r} cannot be read: {place}: {first['msg']}."
            )
            raise DeviceError(message, f"Run again: edgehone devices setup {name}") from error


def _installed() -> dict[str, str]:
    """Versions of this Python's own packages, which measure where nothing has to be brought."""
    found = {}
    for package in RUNTIMES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def record(transport: Transport, installation: Installation) -> None:
    """Write the installation's record to the device: the last step of set-up. What it speaks of,
    and then itself, are on the device's disk when this returns, and survive a loss of power.
    """
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / RECORD.name
        write_whole(file, json.dumps(asdict(installation)))
        _synchronize(transport)
        transport.put(file, RECORD, timeout_s=CALL_S)
    _synchronize(transport)


def _synchronize(transport: Transport) -> None:
    """Have the device write to its disk what it still holds in memory, if it has such a program."""
    with suppress(DeviceError):
        transport.run(["sync"], timeout_s=CALL_S)
