"""Prints what a run found."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.documents.run.document import RunDocument

MORE = "--wide or in the report"


def show(found: "RunDocument", console: "Console") -> None:
    """The closing table, one sentence, and where the page is."""
    from edgehone.cli.lost import show_lost
    from edgehone.report.accounts import account_sentence, bill_sentence
    from edgehone.report.elsewhere import elsewhere_table
    from edgehone.report.finalists import finalists_sentence
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
        longer = {each.name for each in found.finalists}
        searched = {each.name for each in found.candidates} - longer  # one file or more each
        built = plural(len(searched), "candidate")
        console.print(f"{built} measured; the search ended: {found.stopped}.", style="dim")
    if sentence_of_finalists := finalists_sentence(found):
        console.print(sentence_of_finalists, style="dim", markup=False)
    if bill := bill_sentence(found):
        console.print(bill, style="dim")
    if account := account_sentence(found):
        console.print(account, style="dim", markup=False)
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
