"""How `run` and `demo` end: the result is printed, and its decision is the exit code."""

from typing import TYPE_CHECKING, NoReturn

import typer

from edgehone.cli.options.groups import Printing
from edgehone.cli.outcomes import EXIT_CODES

if TYPE_CHECKING:
    from edgehone.documents.run.document import RunDocument


def conclude(found: "RunDocument", printing: Printing) -> NoReturn:
    """Print the result and end with its exit code."""
    from edgehone.cli.lost import exit_code
    from edgehone.cli.show.run import show

    document = found.to_json()
    printing.emit(document, lambda _, console: show(found, console))
    printing.report_lost(document)
    decided = EXIT_CODES[found.decision]
    undecided = found.decision == "inconclusive"
    raise typer.Exit(exit_code(document, decided) if undecided else decided)
