"""Child processes with a time limit that always end, and never flood the terminal."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import IO

REST_S = 5.0
"""How long the rest of an output is waited for when its program has ended."""
KILLED_REST_S = 1.0
"""The same when it was killed."""

_running: "set[subprocess.Popen[str]]" = set()
_running_lock = Lock()


@dataclass(frozen=True)
class Finished:
    """How a child process ended: exit_code is negative for a signal, timed_out when killed."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool = False

    @property
    def ended_by(self) -> str:
        """The end in words: "exit code 3", "signal SIGSEGV", "time limit"."""
        if self.timed_out:
            return "time limit"
        if self.exit_code < 0:
            return f"signal {signal.Signals(-self.exit_code).name}"
        return f"exit code {self.exit_code}"


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    heard: Callable[[str], None] | None = None,
    hold_input: bool = False,
    clean: bool = False,
) -> Finished:
    """Run `argv` (no shell) in a session of its own; at the time limit all of it is killed.

    It works in `folder`; `heard` gets every line of its standard output as it comes, from a
    thread of its own. hold_input: its standard input is a pipe that closes when it has ended or
    this process has, instead of being empty. clean: it gets `environment` alone, and nothing of
    this process's. Raises OSError when the program cannot be started.
    """
    child = _started(
        argv,
        stdin=subprocess.PIPE if hold_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        environment={**({} if clean else os.environ), **(environment or {})},
        folder=folder,
    )
    listener = _Listener(child, heard) if heard else None
    held, child.stdin = child.stdin, None  # `communicate` would close it at once
    try:
        finished = _end_of(child, timeout_s)
    finally:
        if held is not None:
            held.close()
    if listener is None:
        return finished
    return replace(finished, stdout=listener.text(KILLED_REST_S if finished.timed_out else REST_S))


def pipe(
    argv: Sequence[str],
    *,
    timeout_s: float,
    source: IO[bytes] | None = None,
    sink: IO[bytes] | None = None,
) -> Finished:
    """Run `argv` like `run`, with a file as its standard input, another as its standard output.

    Without a source its input is empty; without a sink its output is returned.
    """
    child = _started(argv, stdin=source or subprocess.DEVNULL, stdout=sink or subprocess.PIPE)
    return _end_of(child, timeout_s)


def end_all() -> None:
    """Kill every child that some thread is waiting for: the user has had enough."""
    with _running_lock:
        children = list(_running)
    for child in children:
        kill_group(child)


def kill_group(child: "subprocess.Popen[str]") -> None:
    """Kill a child started in a session of its own, with everything it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        child.poll()


def _started(
    argv: Sequence[str],
    *,
    stdin: IO[bytes] | int,
    stdout: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> "subprocess.Popen[str]":
    """Start a child that `end_all` knows from its first moment on."""
    with _running_lock:
        child = subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        _running.add(child)
    return child


def _end_of(child: "subprocess.Popen[str]", timeout_s: float) -> Finished:
    """Wait for a child's end, or bring it about."""
    try:
        stdout, stderr = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        kill_group(child)
        stdout, stderr = _rest(child)
        return Finished(child.returncode, stdout, stderr, timed_out=True)
    except BaseException:
        kill_group(child)
        child.wait()
        raise
    finally:
        with _running_lock:
            _running.discard(child)
    return Finished(child.returncode, stdout or "", stderr)


def _rest(child: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a killed child said. Another may have its pipes: ssh passes them to a shared one."""
    try:
        stdout, stderr = child.communicate(timeout=KILLED_REST_S)
    except subprocess.TimeoutExpired as late:
        child.wait()
        said = (late.stdout, late.stderr)  # bytes, whatever the child's streams are
        stdout, stderr = (each.decode(errors="replace") if each else "" for each in said)
    return stdout or "", stderr or ""


class _Listener(Thread):
    """Reads a child's standard output line by line, instead of `communicate`."""

    def __init__(self, child: "subprocess.Popen[str]", heard: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._stream: IO[str] | None = child.stdout
        child.stdout = None
        self._heard = heard
        self._lines: list[str] = []
        self.start()

    def run(self) -> None:
        """Read until the pipe closes."""
        if self._stream is None:
            return
        with self._stream:
            for line in self._stream:
                self._lines.append(line)
                self._heard(line)

    def text(self, wait_s: float) -> str:
        """All that came. A grandchild that keeps the pipe open is not waited for long."""
        self.join(wait_s)
        return "".join(self._lines)
