"""The server behind the programs: it has loaded libraries, and forks a process for each that asks.

`server.py DESCRIPTOR FOLDER`: the socket it listens at, and where the programs are. It ends, with
all it has forked, when its standard input does. It runs nothing itself, so that no thread is lost
in a fork: what is imported here starts none that does not start anew.
"""

import atexit
import gc
import importlib
import marshal
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

LIBRARIES = (
    *("tensorflow", "keras", "jsonschema", "altair", "jinja2", "onnx", "edgehone.cli.app"),
    *("edgehone.devices.local", "edgehone.devices.scripted"),  # which start Python itself
)


@dataclass(frozen=True)
class Asked:
    """A process: its words after `python`, its environment, its streams and its folder."""

    words: list[str]
    environment: dict[str, str]
    streams: list[int]


class Server:
    """Who asks by connection, and the processes that were forked for them."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.PollSelector()  # no object of the kernel that a fork would share
        self._selector.register(listener, selectors.EVENT_READ, self._begin)
        self._selector.register(0, selectors.EVENT_READ, self._close)
        self._served: dict[int, socket.socket] = {}
        self._found: Asked | None = None

    def next(self) -> Asked:
        """Serve; returns in the forked process alone."""
        while self._found is None:
            for key, _ in self._selector.select():
                key.data()
                if self._found is not None:
                    break
        return self._found

    def _begin(self) -> None:
        asking, _ = self._listener.accept()
        head, streams, _, _ = socket.recv_fds(asking, 8, 4)
        length, message = int.from_bytes(head, "big"), b""
        while len(message) < length and (part := asking.recv(length - len(message))):
            message += part
        if len(streams) == 4 and len(message) == length:
            self._fork(asking, _asked(message, streams))
        else:  # gone before it had asked
            asking.close()
        if self._found is None:
            for each in streams:
                os.close(each)

    def _fork(self, asking: socket.socket, asked: Asked) -> None:
        if not (child := os.fork()):
            self._leave(asking)
            self._found = asked
            return
        self._served[child] = asking
        ended = os.pidfd_open(child)
        self._selector.register(asking, selectors.EVENT_READ, lambda: self._pass_on(child))
        self._selector.register(ended, selectors.EVENT_READ, lambda: self._end(child, ended))

    def _leave(self, asking: socket.socket) -> None:
        """The forked process has nothing of the server's."""
        for key in list(self._selector.get_map().values()):
            if key.fd:
                self._selector.unregister(key.fileobj)
                os.close(key.fd) if isinstance(key.fileobj, int) else None
        for each in (self._listener, *self._served.values()):
            each.close()
        self._selector.close()
        asking.close()

    def _pass_on(self, child: int) -> None:
        """A signal; or who asked was killed, and so is the process with its group."""
        numbers = self._served[child].recv(16)
        for number in numbers:
            os.kill(child, number)
        if not numbers:
            self._selector.unregister(self._served[child])
            os.killpg(child, signal.SIGKILL)

    def _end(self, child: int, ended: int) -> None:
        asking = self._served.pop(child)
        self._selector.unregister(ended)
        os.close(ended)
        _, status = os.waitpid(child, 0)
        if asking in self._selector.get_map():
            self._selector.unregister(asking)
            with suppress(OSError):  # it was killed just now
                asking.sendall(status.to_bytes(8, "big"))
        asking.close()

    def _close(self) -> None:
        if not os.read(0, 1):
            for child in self._served:
                os.killpg(child, signal.SIGKILL)
            os._exit(0)


def _asked(message: bytes, streams: list[int]) -> Asked:
    words, environment = marshal.loads(message)  # noqa: S302  our own
    return Asked(words, environment, streams)


def become(asked: Asked, programs: str) -> None:
    """Be as a process of Python's own is that was started so."""
    os.setsid()
    for number, stream in enumerate(asked.streams[:3]):
        os.dup2(stream, number)
    os.fchdir(asked.streams[3])
    for stream in asked.streams:
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked.environment)
    tempfile.tempdir = None
    sys.modules["numpy"].random.seed()  # Python's own is seeded anew by itself
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, name)
        opened: Any = os.fdopen(number, "rw"[number > 0], encoding="utf-8", errors=before.errors)
        opened.reconfigure(line_buffering=number == 2 or opened.isatty())
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)
    sys.executable = f"{programs}/python"
    sys.orig_argv = [sys.executable, *asked.words]
    sys.argv = list(asked.words)
    first = str(Path(asked.words[0]).parent.absolute())
    if asked.words[0] == "-m":
        del sys.argv[0]
        first = str(Path.cwd())
    given = asked.environment
    more = [each for each in given.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [*([] if given.get("PYTHONSAFEPATH") else [first]), *more, *sys.path[1:]]


def run(asked: Asked) -> int:
    """Run the module or the script as Python does; the exit code."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    try:
        if asked.words[0] == "-m":
            sys.modules.pop(asked.words[1], None)  # or it is warned of
            runpy._run_module_as_main(asked.words[1])  # type: ignore[attr-defined]
        else:
            path = Path(asked.words[0]).absolute()
            main.__file__ = str(path)
            exec(compile(path.read_bytes(), str(path), "exec"), main.__dict__)  # noqa: S102
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def main() -> None:
    """Load, serve, and in a forked process run what was asked for."""
    descriptor, programs = int(sys.argv[1]), sys.argv[2]
    os.environ.update(importlib.import_module("edgehone.graph.backend").ENVIRONMENT)
    gc.disable()
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()
    asked = Server(socket.socket(fileno=descriptor)).next()
    become(asked, programs)
    code = run(asked)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # taking a million objects apart, as Python would, takes longer than most runs


if __name__ == "__main__":
    main()
