"""Python with TensorFlow loaded, for what tests type: a process is forked, which takes no seconds.

`WarmPython` makes a folder with programs of the names `python` and `edgehone`, and a server behind
them. A program (`client.py`) asks the server (`server.py`) for a process of its own arguments,
folder, environment and streams, passes signals on to it, and ends as it ends. What such a process
runs is this package's code as it is; what else Python is started for, and what runs in a world
that other libraries would have been loaded in, Python itself does.
"""

import marshal
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = ("python", "edgehone")
END_S = 20.0


class WarmPython:
    """A folder with the programs; the server starts with the first who asks for the folder."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")  # a short path, for a socket
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def programs(self) -> Path:
        """Where the programs are; Python's own place where processes cannot be forked so."""
        if sys.platform != "linux":
            return Path(sys.executable).parent
        folder = Path(self._folder.name)
        if self._server is None:
            self._server = _started(folder)
        return folder

    def close(self) -> None:
        """End the server with every process it has forked."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
            self._server.wait(END_S)
        self._folder.cleanup()


def _started(folder: Path) -> "subprocess.Popen[bytes]":
    """The server. It is asked from the first moment on: whoever asks waits until it is ready."""
    text = (HERE / "client.py").read_text()
    for name in PROGRAMS:
        (folder / name).write_text(f"#!{sys.executable} -IS\n{text}")
        (folder / name).chmod(0o755)
    variables = _variables(folder)
    (folder / "variables").write_bytes(marshal.dumps(variables))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen(32)
        return subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(listener.fileno()), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            env=variables,
            start_new_session=True,
        )


def _variables(folder: Path) -> dict[str, str]:
    """What a reader's own would be, as far as libraries look at it when they are imported."""
    of_others = ("EDGEHONE", "XDG", "GITHUB", "PYTHONPATH", "PYTHONSAFEPATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(of_others)}
    return kept | {"HOME": str(folder), "LC_ALL": "C.UTF-8"}
