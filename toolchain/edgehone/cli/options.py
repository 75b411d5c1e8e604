"""Options that several commands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

RUNS_FOLDER = Path("runs")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Device = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="DEVICE",
        help="A configured device's name, local, or TARGET@ADDRESS.",
    ),
]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="DEVICE",
        help="A configured device's name, local, or TARGET@ADDRESS; may be repeated.",
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DATA",
        help="An .npz, a folder of class folders, or python:module:function.",
    ),
]
Project = Annotated[
    Path,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The project file that names devices, the task and how data is scaled.",
    ),
]
Folder = Annotated[
    Path,
    typer.Option("--folder", envvar="EDGEHONE_RUNS", help="Where runs are kept."),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="Makes the random parts repeatable.")
]

PROJECT_FILE = Path("edgehone.toml")
