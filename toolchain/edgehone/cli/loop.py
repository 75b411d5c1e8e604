"""Performs the loop for `run` and `demo`: progress, page, closing table, exit code."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgehone.cli import output
from edgehone.cli.lost import exit_code, show_lost, tell_lost
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.config import Config
from edgehone.values import Progress

MORE = "--wide or in the report"

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.documents.run.document import RunDocument


def perform(
    config: Config,
    folder: Path,
    *,
    on: Sequence[str] = (),
    resume: str | None = None,
    fresh: bool = False,
    force: bool = False,
    name: str = "",
    progress: Progress,
) -> "RunDocument":
    """Run the loop and write its page; the run's document."""
    from edgehone.actions import run

    request = run.Request(config, folder, on, resume, fresh, force, name)
    return run.perform(request, progress)


def conclude(found: "RunDocument", *, as_json: bool, wide: bool = False) -> None:
    """Print the result and end with its exit code."""
    document = found.to_json()
    output.emit(document, lambda _, console: show(found, console), as_json=as_json, wide=wide)
    if as_json:
        tell_lost(document)
    decided = EXIT_CODES[found.decision]
    undecided = found.decision == "inconclusive"
    raise typer.Exit(exit_code(document, decided) if undecided else decided)


def show(found: "RunDocument", console: "Console") -> None:
    """The closing table, one sentence, and where the page is."""
    from edgehone.report.elsewhere import elsewhere_table
    from edgehone.report.headline import sentence
    from edgehone.report.rows import measurements_table, rows_of_run
    from edgehone.report.students import students_table
    from edgehone.report.tables import COLOURS, print_table
    from edgehone.run.winner_folder import WINNER
    from edgehone.units import plural

    rows = rows_of_run(found)
    title = f"{found.run} on {found.device.name}"
    if found.students:
        print_table(console, students_table(found), "Students tried", more=MORE)
    print_table(console, measurements_table(rows), title, more=MORE)
    console.print(sentence(found, rows), style=f"bold {COLOURS[found.decision]}")
    if found.stopped:
        built = plural(len(found.candidates), "candidate")
        console.print(f"{built} measured; the search ended: {found.stopped}.", style="dim")
    for text in found.remarks:
        console.print(f"warning: {text}", style=COLOURS["inconclusive"], markup=False)
    if found.winner and found.winner.elsewhere:
        others = elsewhere_table(found, winner_only=True)
        print_table(console, others, "The winner on the other devices", more=MORE)
    show_lost({"lost": [each.to_json() for each in found.lost]}, console)
    if found.best_unproven:
        console.print(f"Best unproven: {found.best_unproven.file}", soft_wrap=True)
    winner = Path(found.artifacts).with_name(WINNER)
    if found.winner and winner.is_dir():
        console.print(f"Winner: {winner}", soft_wrap=True)
    console.print(f"Files:  {found.artifacts}", soft_wrap=True)
    console.print(f"Report: {found.report}", soft_wrap=True)
