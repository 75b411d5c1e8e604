"""Performs the loop for `run` and `demo`: progress, page, closing table, exit code."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgehone.cli import output
from edgehone.cli.lost import exit_code, show_lost, tell_lost
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.config import Config
from edgehone.values import Plain, Progress

MORE = "--wide or in the report"

if TYPE_CHECKING:
    from rich.console import Console


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
) -> Plain:
    """Run the loop and write its page; the run's document."""
    from edgehone.actions import run

    request = run.Request(config, folder, on, resume, fresh, force, name)
    return run.perform(request, progress)


def warnings_of(value: Plain) -> list[str]:
    """What to know beside the numbers; devices that failed are told apart (`show_lost`)."""
    lost = {f"{each['device']} failed: {each['message']}" for each in value["lost"]}
    return [text for text in value.get("warnings") or () if text not in lost]


def conclude(found: Plain, *, as_json: bool, wide: bool = False) -> None:
    """Print the result and end with its exit code."""
    output.emit(found, show, as_json=as_json, wide=wide)
    if as_json:
        tell_lost(found)
    decided = EXIT_CODES[found["decision"]]
    undecided = found["decision"] == "inconclusive"
    raise typer.Exit(exit_code(found, decided) if undecided else decided)


def show(value: Plain, console: "Console") -> None:
    """The closing table, one sentence, and where the page is."""
    from edgehone.report.details import students_table
    from edgehone.report.elsewhere import elsewhere_table
    from edgehone.report.rows import measurements_table, rows_of_run
    from edgehone.report.summary import sentence
    from edgehone.report.tables import COLOURS, print_table
    from edgehone.run.winner_folder import WINNER
    from edgehone.units import plural

    rows = rows_of_run(value)
    title = f"{value['run']} on {value['device']['name']}"
    if value.get("students"):
        print_table(console, students_table(value), "Students tried", more=MORE)
    print_table(console, measurements_table(rows), title, more=MORE)
    console.print(sentence(value, rows), style=f"bold {COLOURS[value['decision']]}")
    if value.get("stopped"):
        built = plural(len(value["candidates"]), "candidate")
        console.print(f"{built} measured; the search ended: {value['stopped']}.", style="dim")
    for text in warnings_of(value):
        console.print(f"warning: {text}", style=COLOURS["inconclusive"], markup=False)
    if value.get("winner_elsewhere"):
        others = elsewhere_table(value, winner_only=True)
        print_table(console, others, "The winner on the other devices", more=MORE)
    show_lost(value, console)
    if value.get("best_unproven_file"):
        console.print(f"Best unproven: {value['best_unproven_file']}", soft_wrap=True)
    winner = Path(value["artifacts"]).with_name(WINNER)
    if value["winner"] and winner.is_dir():
        console.print(f"Winner: {winner}", soft_wrap=True)
    console.print(f"Files:  {value['artifacts']}", soft_wrap=True)
    console.print(f"Report: {value['report']}", soft_wrap=True)
