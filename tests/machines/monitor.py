"""The control wire of a running qemu (QMP): one command, one answer."""

import json
import socket
from pathlib import Path
from typing import Any

ANSWER_S = 20.0


def tell(wire: Path, command: str, **arguments: Any) -> Any:
    """Send one command; what it returns. Raises RuntimeError when qemu refuses it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_S)
        connection.connect(str(wire))
        with connection.makefile("rw") as stream:
            stream.readline()  # its greeting
            _ask(stream, "qmp_capabilities", {})
            return _ask(stream, command, arguments)


def _ask(stream: Any, command: str, arguments: dict[str, Any]) -> Any:
    stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "error" in answer:
            raise RuntimeError(f"qemu refuses {command}: {answer['error']['desc']}")
        if "return" in answer:  # else an event that comes in between
            return answer["return"]
