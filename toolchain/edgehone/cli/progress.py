"""Progress on stderr: drawn by another process, or a line a stage where it is not a terminal."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from types import TracebackType
from typing import IO, Self

from edgehone.cli.output import note
from edgehone.values import BEST, NOTE, ROUND, WARNING, Event

REMARKS = (NOTE, WARNING)
"""Stages of events that are no work: lines that stay."""

END_S = 5.0
"""How long the drawing process has to draw its last picture."""

WORDS = {
    "price": "time single layers",
    "sensitivity of channels": "sensitivity to pruning",
    "sensitivity of ranks": "sensitivity to factorizing",
    "sensitivity of precisions": "sensitivity to quantizing",
    "rest": "let the device rest",
}
"""What stages are called for people, where they have a shorter name inside."""


def remarks(event: Event, /) -> None:
    """Print notes and warnings, and nothing of work: a `values.Progress` without bars."""
    if event.stage in REMARKS:
        note(f"{event.stage}: {event.text}")


class Bars:
    """Shows events while open; it is a `values.Progress`.

    On a terminal another process draws them (`edgehone.cli.drawing`), which goes on while this one
    is busy. Elsewhere (a log, CI) one line is written when a stage begins.
    """

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()  # devices are measured on in threads
        self._stages: dict[str, str] = {}  # the present one, by whose it is

    def __enter__(self) -> Self:
        if self._live:
            words = [sys.executable, "-P", "-m", "edgehone.cli.drawing"]
            with suppress(OSError):  # without processes to spare, lines do
                self._process = subprocess.Popen(
                    words, stdin=subprocess.PIPE, stdout=sys.stderr, text=True
                )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._process:
            self._send(Event("end"))
        self._end()

    def __call__(self, event: Event, /) -> None:
        """Show one event."""
        named = replace(event, stage=WORDS.get(event.stage, event.stage))
        if self._process and self._send(named):
            return
        if event.stage in REMARKS:
            remarks(event)
        else:
            self._pass_on(named)

    def _send(self, event: Event) -> bool:
        """Have an event drawn; whether somebody is there to draw it."""
        pipe = self._pipe()
        try:
            with self._turn:
                pipe.write(json.dumps(asdict(event)) + "\n")
                pipe.flush()
        except (OSError, ValueError):  # it was ended from outside
            self._end()
            return False
        return True

    def _pipe(self) -> IO[str]:
        assert self._process is not None  # noqa: S101 - callers have asked
        assert self._process.stdin is not None  # noqa: S101 - it was opened with a pipe
        return self._process.stdin

    def _end(self) -> None:
        """Close the drawing process's input, which ends it, and wait until the terminal is free."""
        if self._process is None:
            return
        with suppress(OSError, ValueError):
            self._pipe().close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _pass_on(self, event: Event) -> None:
        """One line when a stage begins, and for every round and what is best so far."""
        if self._stages.get(event.who) != event.stage or event.stage in (ROUND, BEST):
            self._stages[event.who] = event.stage
            note(f"{event.stage}: {event.text}" if event.text else event.stage)
