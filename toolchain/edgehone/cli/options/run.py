"""Options of `edgehone run`."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import completing
from edgehone.cli.options import rounds
from edgehone.system.bounds import EPOCHS, MINUTES

Project = Annotated[Path, typer.Argument(metavar="[edgehone.toml]", help="The project file.")]
Rounds = Annotated[int | None, rounds("Most candidates, instead of the file's.")]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=0.1, max=MINUTES, help="No round starts after this long."),
]
FinalEpochs = Annotated[
    int | None,
    typer.Option(
        "--final-epochs",
        min=0,
        max=EPOCHS,
        help="Most further epochs for the best candidates, instead of the file's.",
    ),
]
Name = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="What to call the run, for `edgehone runs`."),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        autocompletion=completing.runs,
        help="Resume a run, by its id or latest, with its original settings; no project file is "
        "read.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Measure again what earlier runs measured.")]
