"""Stands for `python` and `edgehone`: a process that has loaded what it needs, or Python itself.

Starts in a few milliseconds, so it imports little. Its own name says which program it is.
"""

import marshal
import os
import signal
import socket
import sys

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OWN = "edgehone."
ALIEN = ("edgehone.graph.legacy.", "edgehone.export.trial")
"""Modules that load other libraries than the server has, or bound how much may be loaded."""
IMPORTANT = ("LC_", "LANG", "TF_", "KERAS_", "XLA_", "OMP_", "OPENBLAS", "PYTHON", "LD_", "MALLOC_")
"""How variables begin that libraries look at as they are imported, or Python as it starts."""
ALLOWED = {
    "LANG": {"C.UTF-8"},
    "LC_ALL": {"C.UTF-8"},
    "LC_CTYPE": {"C.UTF-8"},
    "TF_CPP_MIN_LOG_LEVEL": {"3"},
    "TF_ENABLE_ONEDNN_OPTS": {"1"},
    "KERAS_BACKEND": {"tensorflow"},
    "PYTHONPATH": None,
    "PYTHONSAFEPATH": None,
}
"""Those which may be absent, and what else they may be: as the server was started, or any value
that it heeds.
"""


def main() -> int:
    """Ask for a process, and end as it does."""
    place, name = os.path.split(os.path.abspath(__file__))  # noqa: PTH100  pathlib takes its time
    words = sys.argv[1:]
    if name != "python":
        words.insert(0, os.path.join(os.path.dirname(sys.executable), name))  # noqa: PTH118, PTH120
    if not (_is_served(words, name) and _is_like_servers(f"{place}/variables")):
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(f"{place}/socket")
        message = marshal.dumps((words, dict(os.environ)))
        streams = [0, 1, 2, os.open(".", os.O_RDONLY)]
        for number in PASSED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda number, _: server.sendall(bytes([number])))
        socket.send_fds(server, [len(message).to_bytes(8, "big")], streams)
        server.sendall(message)
        status = server.recv(8)
    return _end(int.from_bytes(status, "big"))


def _is_served(words: list[str], name: str) -> bool:
    """Whether these words are a module of this package, or a script."""
    match words:
        case ["-m", module, *_]:
            return (module + ".").startswith(OWN) and not module.startswith(ALIEN)
        case [script, *_]:
            return name != "python" or (script.endswith(".py") and not script.startswith("-"))
        case _:
            return False


def _is_like_servers(variables: str) -> bool:
    """Whether libraries would be here as the server has imported them."""
    with open(variables, "rb") as kept:  # noqa: PTH123
        there = marshal.load(kept)  # noqa: S302  our own
    return _others(there) == _others(dict(os.environ)) and all(
        allowed is None or os.environ.get(name) in {None, *allowed}
        for name, allowed in ALLOWED.items()
    )


def _others(variables: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(IMPORTANT) and name not in ALLOWED
    }


def _end(status: int) -> int:
    """The exit code; ended by a signal where the process was."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    return code


os._exit(main())
