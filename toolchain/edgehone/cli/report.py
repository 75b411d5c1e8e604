"""`edgehone report`: the page about a run, written anew."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Its id, the beginning of it, or latest.")
    ] = "latest",
    destination: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write the page.")
    ] = None,
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """Write the page about a run. It is one HTML file that needs no network."""
    from edgehone.actions.report import write_report

    output.emit(write_report(folder, run, destination), _show, as_json=as_json)


def _show(value: Plain, console: "Console") -> None:
    console.print(value["report"], soft_wrap=True)
