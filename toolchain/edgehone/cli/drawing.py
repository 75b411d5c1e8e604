"""Draws progress on a terminal, as a process of its own: `python -m edgehone.cli.drawing`.

A library that holds its interpreter, as TensorFlow does while it is imported, then stops no clock.
Events come as lines of JSON on stdin; the picture goes to stdout until stdin ends.
"""

import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from edgehone.system.visible import visible
from edgehone.values import BEST, NOTE, ROUND, WARNING, Event

SHOWN = 6
"""Most stages that are drawn at once: the latest."""

END = "end"
"""The stage of the line that says that all work is done."""


@dataclass
class Rounds:
    """Which candidate of how many a run is at, and how long one takes. Times in seconds."""

    began_s: float
    total: int = 0
    done: int = 0
    entered_s: list[float] = field(default_factory=list)

    def enter(self, event: Event, now_s: float) -> None:
        """A round of one or several candidates begins."""
        self.done, self.total = int(event.done), int(event.total)
        self.entered_s.append(now_s)

    def heading(self, now_s: float) -> str:
        """The candidate, the time since the beginning, and the most that is left."""
        parts = [f"candidate {self.done + 1} of {self.total}"] if self.total else []
        parts.append(f"{clock(now_s - self.began_s)} elapsed")
        left_s = self._left_s(now_s)
        if left_s is not None:
            parts.append(f"at most about {clock(left_s)} left")
        return ", ".join(parts)

    def _left_s(self, now_s: float) -> float | None:
        """By the mean of the candidates that are done; None before one is."""
        if len(self.entered_s) < 2 or self.done < 1:
            return None
        mean_s = (self.entered_s[-1] - self.entered_s[0]) / self.done
        return max(mean_s * (self.total - self.done) - (now_s - self.entered_s[-1]), 0.0)


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, or hours: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Picture:
    """What is drawn: a heading in runs, the best so far, and a bar a stage, the latest last."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.rounds = Rounds(time.monotonic())
        self.best = ""
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn(
                "{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=14)
            ),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn(
                "{task.fields[note]}",
                style="dim",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=console,
            expand=True,
            auto_refresh=False,
        )

    def __rich__(self) -> Group:
        """The whole picture, as rich draws it again and again."""
        lines: list[Any] = []
        if self.rounds.total or self.best:
            lines.append(Text(self.rounds.heading(time.monotonic()), style="bold"))
        if self.best:
            lines.append(Text(f"{BEST}: {self.best}", no_wrap=True, overflow="ellipsis"))
        return Group(*lines, self._bars)

    def take(self, event: Event) -> None:
        """Show one event."""
        if event.stage in (NOTE, WARNING):
            style = "yellow" if event.stage == WARNING else None
            self.console.print(f"{event.stage}: {event.text}", style=style, markup=False)
        elif event.stage == END:
            self._finish_others(Event(""))
        elif event.stage == BEST:
            self.best = event.text
        elif event.stage == ROUND:
            self.rounds.enter(event, time.monotonic())
        else:
            self._work(event)

    def _work(self, event: Event) -> None:
        task = (event.stage, event.who)
        if task not in self._tasks:
            title = f"{event.stage} {event.who}".strip()
            self._tasks[task] = self._bars.add_task(title, total=None, note="")
        self._finish_others(event)
        self._bars.update(
            self._tasks[task], total=event.total or None, completed=event.done, note=event.text
        )
        for old in self._bars.tasks[:-SHOWN]:
            self._bars.update(old.id, visible=old.id == self._tasks[task])

    def _finish_others(self, event: Event) -> None:
        """Fill the bars of stages that are over: its device's, or nobody's: all devices'."""
        for (stage, who), task_id in self._tasks.items():
            task = self._bars.tasks[self._bars.task_ids.index(task_id)]
            if stage != event.stage and event.who in ("", who) and not task.finished:
                total = task.total or 1
                self._bars.update(task_id, total=total, completed=total, note="")


def events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of lines of JSON; what a killed sender left half is the end."""
    for line in lines:
        if not line.endswith("\n"):
            return
        event = Event(**json.loads(line))
        stage, text, who = map(visible, (event.stage, event.text, event.who))
        yield replace(event, stage=stage, text=text, who=who)


def main() -> None:
    """Draw what stdin says, on the terminal that stdout is."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the sender ends this, by its own end at the latest
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    picture = Picture(console)
    with Live(picture, console=console, refresh_per_second=10):
        for event in events(sys.stdin):
            picture.take(event)


if __name__ == "__main__":
    main()
