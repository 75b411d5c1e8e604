"""Prints a gate's checks and decision, and calibrations of a gate."""

from typing import TYPE_CHECKING

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show_calibrations(value: Plain, console: "Console") -> None:
    """One sentence a file and device."""
    from edgehone.actions.gate.calibrate import sentence
    from edgehone.cli.lost import show_lost

    for each in value["calibrations"]:
        console.print(sentence(each), soft_wrap=True, markup=False)
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", soft_wrap=True, markup=False)
    show_lost(value, console)


def show(value: Plain, console: "Console") -> None:
    """Print the checks, what to know of them, and the decision."""
    from edgehone.cli.lost import show_lost
    from edgehone.documents import measurements_of
    from edgehone.report.rows import judged_on
    from edgehone.report.summaries import (
        checks_table,
        conclusion,
        looked_up,
        notes_on,
        ratchet_lines,
        why_lines,
    )
    from edgehone.report.tables import COLOURS, print_table

    print_table(console, checks_table(value))
    if found := judged_on(measurements_of(value)):
        console.print(f"{found}.", style="dim", markup=False)
    for line in notes_on(value):
        console.print(line, style="yellow", markup=False)
    for line in why_lines(value):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    for line in looked_up(value):
        console.print(line, style="dim", markup=False)
    for line in ratchet_lines(value):
        console.print(line, markup=False)
    style = COLOURS[value["decision"]]
    console.print(conclusion(value), style=f"bold {style}")
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", markup=False, soft_wrap=True)
    show_lost(value, console)
