"""Progress bars on stderr, or one line a stage where stderr is no terminal."""

import sys
from types import TracebackType
from typing import Self

from edgehone.cli.output import console, note
from edgehone.values import NOTE, WARNING, Event

REMARKS = (NOTE, WARNING)
"""Stages of events that are no work: lines that stay."""


def remarks(event: Event, /) -> None:
    """Print notes and warnings, and nothing of work: a `values.Progress` without bars."""
    if event.stage in REMARKS:
        note(f"{event.stage}: {event.text}")


class Bars:
    """Draws events while open: a bar a stage, the current one last.

    Away from a terminal (a log, CI) it writes one line when a stage begins instead. It is a
    `values.Progress`.
    """

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TaskID,
            TextColumn,
            TimeElapsedColumn,
        )

        self._live = sys.stderr.isatty()
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._stages: dict[str, str] = {}  # the present one, by whose it is
        self._bars = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<14}"),
            BarColumn(bar_width=28),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console(error=True),
            disable=not self._live,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish_others(Event(""))
        self._bars.stop()

    def __call__(self, event: Event, /) -> None:
        """Show one event."""
        if event.stage in REMARKS:
            self._remark(event)
            return
        if not self._live:
            self._tell(event)
            return
        task = (event.stage, event.who)
        if task not in self._tasks:
            title = f"{event.stage} {event.who}".strip()
            self._tasks[task] = self._bars.add_task(title, total=None, note="")
        self._finish_others(event)
        self._bars.update(
            self._tasks[task],
            total=event.total or None,
            completed=event.done,
            note=event.text,
        )

    def _finish_others(self, event: Event) -> None:
        """Fill the bars of stages that are over: its device's, or nobody's: all devices'."""
        for (stage, who), task_id in self._tasks.items():
            task = self._bars.tasks[self._bars.task_ids.index(task_id)]
            if stage != event.stage and event.who in ("", who) and not task.finished:
                total = task.total or 1
                self._bars.update(task_id, total=total, completed=total, note="")

    def _remark(self, event: Event) -> None:
        """A line that stays, above the bars."""
        if self._live:
            style = "yellow" if event.stage == WARNING else None
            self._bars.console.print(f"{event.stage}: {event.text}", style=style, markup=False)
        else:
            remarks(event)

    def _tell(self, event: Event) -> None:
        if self._stages.get(event.who) != event.stage:
            self._stages[event.who] = event.stage
            note(f"{event.stage}: {event.text}" if event.text else event.stage)
