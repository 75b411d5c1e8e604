"""`edgehone runs`: the history."""

from edgehone.cli import options
from edgehone.cli.options.groups import Printing


def command(*, folder: options.Folder = options.RUNS_FOLDER, printing: Printing) -> None:
    """List runs, newest first, with what each looked for and found."""
    from edgehone.actions.run.history import rows
    from edgehone.cli.show.runs import show

    printing.emit({"runs": rows(folder), "folder": str(folder)}, show)
