"""How a command ends early: any signal is Ctrl-C, and what hangs does not hold it up."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from edgehone.cli import output
from edgehone.system import interruption, processes

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 10.0
"""How long a command has to clean up before it is ended all the same."""
SHELL = 128
"""A shell tells that a signal ended a program by this plus its number."""
INTERRUPTED = SHELL + signal.SIGINT
"""Exit code of a program ended by Ctrl-C."""


class Ended(KeyboardInterrupt):
    """A signal asks this command to end: whoever minds Ctrl-C minds it."""


class Ending:
    """What ends a command early, if anything does."""

    def __init__(self) -> None:
        self._asked: signal.Signals | None = None
        self.over = threading.Event()

    @property
    def signal(self) -> signal.Signals | None:
        """The signal that ended the command; None: none did, or it came when all was done."""
        return None if interruption.concluded() else self._asked

    @property
    def exit_code(self) -> int:
        """The exit code that a shell would tell; 0 without a signal."""
        return SHELL + self.signal if self.signal else 0

    def begin(self, number: int, _frame: FrameType | None) -> None:
        """End the command: once, since clean-up is not to be interrupted by the next signal."""
        if self._asked is None:
            self._asked = signal.Signals(number)
            interruption.interrupt(Ended(self._asked.name))


@contextmanager
def signals_handled(last_resort: Callable[[], object] | None, *, final: bool) -> Iterator[Ending]:
    """Turn signals into `Ended` meanwhile, but for those that the caller's parent has ignored.

    final: after a signal this process ends, and further ones must not change how.

    When a command has not ended GRACE_S after its signal, children are ended, `last_resort` is
    called, and this process ends: also one that has done its work, whose stdout nobody reads.
    Only the main thread can do so; elsewhere nothing is changed.
    """
    ending = Ending()
    interruption.begin()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    before: dict[signal.Signals, Any] = {}
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    waker = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read_end, ending, last_resort), daemon=True).start()
    try:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, ending.begin)
        yield ending
    finally:
        ending.over.set()
        if ending.signal is not None:
            processes.end_all()  # those whose threads are elsewhere
        for number, handler in before.items():
            if final and interruption.concluded():
                signal.signal(number, signal.SIG_IGN)  # the exit code is decided
            elif ending.signal is None or not final:
                signal.signal(number, handler)
        signal.set_wakeup_fd(waker)
        os.close(write_end)


def _watch(read_end: int, ending: Ending, last_resort: Callable[[], object] | None) -> None:
    """Read what the kernel tells of signals, even while the main thread is deep in a library."""
    with suppress(OSError):
        while numbers := os.read(read_end, 64):
            ended_by = [number for number in numbers if number in SIGNALS]
            if ended_by and not ending.over.wait(GRACE_S):
                processes.end_all()
                if last_resort is not None:
                    last_resort()
                os._exit(SHELL + ended_by[0])
    os.close(read_end)


def report_ending(ending: Ending, command: str) -> None:
    """Say that a signal ended the command; nobody may be there to read it."""
    kept = ""
    if command in ("run", "demo"):
        kept = " What was finished is kept; the same command goes on from there."
    elif written := interruption.delivered():
        kept = f" Finished before that: {', '.join(map(str, written))}."
    by = ending.signal or signal.SIGINT
    how = "Interrupted" if by == signal.SIGINT else f"Ended by {by.name}"
    with suppress(OSError):
        output.note(f"{how}.{kept}")
