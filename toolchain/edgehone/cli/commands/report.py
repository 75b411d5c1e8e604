"""`edgehone report`: the page about a run, written anew."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="Its id, the beginning of it, its name, or latest.",
            autocompletion=completing.runs,
        ),
    ] = "latest",
    destination: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write the page.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """Write the page about a run. It is one HTML file that needs no network."""
    from edgehone.actions.run.report import write_report

    value = write_report(folder, run, destination)
    output.emit(value, _show, as_json=as_json)
    if open_it:
        _open(Path(value["report"]))


def _open(path: Path) -> None:
    """Show a page in the user's browser: the one that BROWSER names, or the system's."""
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        output.note(f"note: no browser could be opened; the page is {path}")


def _show(value: Plain, console: "Console") -> None:
    console.print(value["report"], soft_wrap=True)
