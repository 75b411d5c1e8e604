"""`edgehone run`: the loop on a project."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options


def command(
    project: Annotated[
        Path, typer.Argument(metavar="[edgehone.toml]", help="The project file.")
    ] = options.PROJECT_FILE,
    on: options.Devices = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=0, help="Most candidates, instead of the file's.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.1, help="No round starts after this long.")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="RUN", help="Go on with a run: its id, or latest."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure anew what earlier runs measured.")
    ] = False,
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """Compress, export, measure, decide: the loop on a project. Writes runs/ID with a report.

    Exit 0 when a candidate keeps all budgets, 1 when none does, 3 when it cannot be told.
    """
    from edgehone.cli.loop import conclude, perform
    from edgehone.cli.progress import Bars
    from edgehone.config import load
    from edgehone.store import Store

    config = load(project)
    asked = {"rounds": rounds, "minutes": minutes}
    changed = {key: value for key, value in asked.items() if value is not None}
    search = config.search.model_copy(update=changed)
    config = config.model_copy(update={"search": search})
    identity = Store(folder, read_only=True).run(resume).id if resume else None
    with Bars() as bars:
        found = perform(config, folder, on=on or (), resume=identity, fresh=fresh, progress=bars)
    conclude(found, as_json=as_json)
