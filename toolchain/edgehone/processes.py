"""Child processes with a time limit that always end, and never flood the terminal."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import IO

from edgehone.bounds import ANSWER_CHARACTERS, LINE_CHARACTERS, BeyondBoundsError, told_bytes

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
            known = {int(each): each.name for each in signal.Signals}  # not those of real time
            return f"signal {known.get(-self.exit_code, -self.exit_code)}"
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
    thread of its own; what that raises ends the program, and is raised here. hold_input: its
    standard input is a pipe that closes when it has ended or this process has, instead of being
    empty. clean: it gets `environment` alone, and nothing of this process's. Raises OSError when
    the program cannot be started, BeyondBoundsError when it prints more than ANSWER_CHARACTERS.
    """
    child = _started(
        argv,
        stdin=subprocess.PIPE if hold_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        environment={**({} if clean else os.environ), **(environment or {})},
        folder=folder,
    )
    printed, complained = _Listener(child, child.stdout, heard), _Listener(child, child.stderr)
    child.stdout = child.stderr = None
    held, child.stdin = child.stdin, None  # `communicate` would close it at once
    try:
        finished = _end_of(child, timeout_s)
    finally:
        if held is not None:
            held.close()
    rest_s = KILLED_REST_S if finished.timed_out else REST_S
    stdout, stderr = printed.text(rest_s), complained.text(rest_s)
    if error := printed.error or complained.error:
        raise error
    return replace(finished, stdout=stdout, stderr=stderr)


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
    return Finished(child.returncode, stdout or "", stderr or "")


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
    """Reads one of a child's streams line by line, instead of `communicate`; error: what went
    wrong, for which the child was killed.
    """

    def __init__(
        self,
        child: "subprocess.Popen[str]",
        stream: IO[str] | None,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.error: BaseException | None = None
        self._child, self._stream, self._heard = child, stream, heard
        self._lines: list[str] = []
        self._size = 0
        self.start()

    def run(self) -> None:
        """Read until the pipe closes, also when no more is taken: the child would wait for it."""
        if self._stream is None:
            return
        with self._stream:
            while line := self._stream.readline(LINE_CHARACTERS + 1):
                if self.error is None:
                    self._take(line)

    def _take(self, line: str) -> None:
        try:
            self._size += len(line)
            if self._size > ANSWER_CHARACTERS:
                limit = told_bytes(ANSWER_CHARACTERS)
                raise BeyondBoundsError(f"the program prints more than {limit}")
            self._lines.append(line)
            if self._heard is not None:
                self._heard(line)
        except BaseException as error:  # raised again where it can be seen
            self.error = error
            kill_group(self._child)

    def text(self, wait_s: float) -> str:
        """All that came. A grandchild that keeps the pipe open is not waited for long."""
        self.join(wait_s)
        return "".join(self._lines)
