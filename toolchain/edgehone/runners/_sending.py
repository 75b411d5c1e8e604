"""Files and requests on their way to a device, each under a name that its content gives it."""

import json
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edgehone.devices._base import Transport
from edgehone.system.files import sha256_of, write_whole
from edgehone.values import Plain

TRANSFER_S = 120.0
LIBRARY_S = 900.0
"""For 25 MB over a weak wireless link."""


def send(transport: Transport, file: Path, folder: str, timeout_s: float = TRANSFER_S) -> str:
    """Bring a file to the device, unless it is there; its name there."""
    name = PurePosixPath(folder) / f"{sha256_of(file)}{file.suffix.lower()}"
    transport.put(file, name, timeout_s=timeout_s)
    return str(name)


def send_request(transport: Transport, request: Plain) -> str:
    """Bring a request to the device; its name there."""
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / "request.json"
        write_whole(file, json.dumps(request))
        return send(transport, file, "requests")
