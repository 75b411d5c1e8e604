"""Child processes with a time limit that always end, and never flood the terminal."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import IO

from edgehone.system import interruption
from edgehone.system.bounds import ANSWER_CHARACTERS, LINE_CHARACTERS, BeyondBoundsError, bytes_text
from edgehone.system.watchdog import Watchdog

REST_S = 5.0
"""How long the rest of an output is waited for when its program has ended."""
KILLED_REST_S = 1.0
"""The same when it was killed."""

GRACE_S = 1.0
"""How long a child that is to end may take to put things back before it is killed."""
LOOK_S = 0.25
"""How often a child's signs of life are looked after."""

_watchdog = Watchdog()
_running: "set[subprocess.Popen[str]]" = set()
_running_lock = Lock()


@dataclass(frozen=True)
class Finished:
    """How a child process ended: exit_code is negative for a signal, timed_out when killed, silent
    when that was for want of a sign of life.
    """

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool = False
    silent: bool = False

    @property
    def ended_by(self) -> str:
        """The end in words: "exit code 3", "signal SIGSEGV", "time limit", "silence"."""
        if self.silent:
            return "silence"
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
    on_line: Callable[[str], None] | None = None,
    overdue: Callable[[], bool] | None = None,
    hold_input: bool = False,
    clean: bool = False,
) -> Finished:
    """Run `argv` (no shell) in a session of its own; at the time limit all of it is killed.

    It works in `folder`; `on_line` gets every line of its standard output as it comes, from a
    thread of its own; what that raises ends the program, and is raised here. `overdue` is asked
    now and then whether to give it up, for want of a sign of life. hold_input: its standard input
    is a pipe that closes when it has ended or this process has, instead of being empty. clean: it
    gets `environment` alone, and nothing of this process's. Raises OSError when the program cannot
    be started, BeyondBoundsError when it prints more than ANSWER_CHARACTERS.
    """
    child = _started(
        argv,
        stdin=subprocess.PIPE if hold_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        environment={**({} if clean else {**os.environ, **temporary()}), **(environment or {})},
        folder=folder,
    )
    printed, complained = _Listener(child, child.stdout, on_line), _Listener(child, child.stderr)
    child.stdout = child.stderr = None
    held, child.stdin = child.stdin, None  # `communicate` would close it at once
    try:
        finished = _end_of(child, timeout_s, overdue)
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
    """End every child that some thread is waiting for: the user has had enough."""
    with _running_lock:
        children = list(_running)
    _end(children)


def kill_group(child: "subprocess.Popen[str]") -> None:
    """Kill a child started in a session of its own, with everything it started."""
    _signal_group(child, signal.SIGKILL)


def reaped(child: "subprocess.Popen[str]", wait_s: float = GRACE_S) -> int:
    """The exit code of a child that is about to end; one that does not is killed.

    One that not even that ends at once hangs in the kernel, and is not waited for.
    """
    for _ in range(2):
        try:
            return child.wait(wait_s)
        except subprocess.TimeoutExpired:
            kill_group(child)
    return -signal.SIGKILL


def watch(child: "subprocess.Popen[str]") -> None:
    """Have a child that leads a process group of its own end with this process, with all of it."""
    _watchdog.watch(child.pid)


def forget(child: "subprocess.Popen[str]") -> None:
    """A watched child has ended."""
    _watchdog.forget(child.pid)


def temporary() -> dict[str, str]:
    """Where children put temporary files: where this process's go."""
    return {"TMPDIR": tempfile.gettempdir()}


def _end(children: "Sequence[subprocess.Popen[str]]") -> None:
    """Ask children to end, which lets them put back what they have set; then kill what is left."""
    for child in children:
        _signal_group(child, signal.SIGTERM)
    stop = time.monotonic() + GRACE_S
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, stop - time.monotonic()))
    for child in children:
        kill_group(child)


def _signal_group(child: "subprocess.Popen[str]", number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
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
    """Start a child that `end_all` and the watchdog know from its first moment on."""
    with interruption.whole():
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
        watch(child)
    return child


def _end_of(
    child: "subprocess.Popen[str]",
    timeout_s: float,
    overdue: Callable[[], bool] | None = None,
) -> Finished:
    """Wait for a child's end, or bring it about."""
    try:
        ended = _waited(child, time.monotonic() + timeout_s, overdue)
        if isinstance(ended, bool):
            _end([child])
            rest = _rest(child)
            return Finished(reaped(child), *rest, timed_out=True, silent=ended)
    except BaseException:
        _end([child])
        reaped(child)
        raise
    finally:
        with _running_lock:
            _running.discard(child)
        forget(child)
    stdout, stderr = ended
    return Finished(child.returncode, stdout or "", stderr or "")


def _waited(
    child: "subprocess.Popen[str]", until: float, overdue: Callable[[], bool] | None
) -> tuple[str, str] | bool:
    """A child's output and errors once it has ended; or whether it is given up for its silence,
    and not at the time limit.
    """
    while True:
        left_s = until - time.monotonic()
        try:
            return child.communicate(timeout=left_s if overdue is None else min(left_s, LOOK_S))
        except subprocess.TimeoutExpired:
            if overdue is not None and overdue():
                return True
            if time.monotonic() >= until:
                return False


def _rest(child: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a killed child said. Another may have its pipes: ssh passes them to a shared one."""
    try:
        stdout, stderr = child.communicate(timeout=KILLED_REST_S)
    except subprocess.TimeoutExpired as late:
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
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.error: BaseException | None = None
        self._child, self._stream, self._on_line = child, stream, on_line
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
                limit = bytes_text(ANSWER_CHARACTERS)
                raise BeyondBoundsError(f"the program prints more than {limit}")
            self._lines.append(line)
            if self._on_line is not None:
                self._on_line(line)
        except BaseException as error:  # raised again where it can be seen
            self.error = error
            kill_group(self._child)

    def text(self, wait_s: float) -> str:
        """All that came. A grandchild that keeps the pipe open is not waited for long."""
        self.join(wait_s)
        return "".join(self._lines)
