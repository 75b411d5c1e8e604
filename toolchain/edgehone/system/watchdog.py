"""A process beside this one that ends its children, should this one die without doing so."""

import subprocess
import sys
from threading import Lock

GRACE_S = 0.5
"""From the first request to end, which lets a program put its settings back, to the last."""

PROGRAM = f"""
import os, signal, sys, time
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for number in (signal.SIGTERM, signal.SIGKILL):
    for group in groups:
        try:
            os.killpg(group, number)
        except OSError:
            pass
    if groups and number == signal.SIGTERM:
        time.sleep({GRACE_S})
"""
"""Reads "+GROUP" and "-GROUP" lines; its input closes when the process that writes them is gone."""


class Watchdog:
    """Process groups that end when this process does, in whichever way it ends.

    A pipe tells: the kernel closes it, also after SIGKILL. Works on every POSIX system, from every
    thread, and holds for all that a child has started in its group.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._groups: set[int] = set()
        self._process: subprocess.Popen[str] | None = None

    def watch(self, group: int) -> None:
        """Have a process group end with this process."""
        with self._lock:
            self._groups.add(group)
            self._pass_on(f"+{group}")

    def forget(self, group: int) -> None:
        """The group has ended: its number may soon mean another."""
        with self._lock:
            self._groups.discard(group)
            if self._process is not None:
                self._pass_on(f"-{group}")

    def _pass_on(self, line: str) -> None:
        """Pass a line on; a watchdog that somebody ended is replaced by one that knows all."""
        if self._process is None or self._process.poll() is not None:
            self._process = _started()
            line = "\n".join(f"+{group}" for group in sorted(self._groups))
        stream = self._process.stdin
        try:
            if stream is not None and line:
                stream.write(line + "\n")
                stream.flush()
        except BrokenPipeError:  # it is just ending; the next line finds it gone
            pass


def _started() -> "subprocess.Popen[str]":
    """In a session of its own, so that a terminal's signals do not reach it."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
