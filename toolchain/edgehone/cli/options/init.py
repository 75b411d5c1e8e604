"""Options of `edgehone init`."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import completing
from edgehone.cli.options import device

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="MODEL", help="The trained model: .keras, .h5 or a function's name."
    ),
]
On = Annotated[
    str | None, device("What it will run on: a device's name, local, or TARGET@ADDRESS.")
]
Minimize = Annotated[
    str | None,
    typer.Option(
        "--minimize",
        metavar="METRIC",
        help="What the winner has least of; latency_p50_ms if left out.",
        autocompletion=completing.metrics,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file that is there.")]
