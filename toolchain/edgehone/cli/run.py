"""`edgehone run`: the loop on a project."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import options, output
from edgehone.errors import UsageError

if TYPE_CHECKING:
    from edgehone.config import Config


def command(
    context: typer.Context,
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
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run, its id or latest, as it was begun; no project file is read.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure anew what earlier runs measured.")
    ] = False,
    force: options.Force = False,
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """Compress, export, measure, decide: the loop on a project. Writes runs/ID with a report.

    Exit 0 when a candidate keeps all budgets, 1 when none does, 3 when that is inconclusive.
    """
    from edgehone.cli import effects
    from edgehone.cli.loop import conclude, perform
    from edgehone.cli.progress import Bars
    from edgehone.config import load

    if resume is not None:
        effects.refuse(
            context,
            ("project",),
            "with --resume: a run goes on with the settings it was begun with",
            "Leave it out, or leave out --resume to start another run.",
        )
    if resume is None:
        identity, config, devices = None, load(project), tuple(on or ())
    else:
        identity, config, devices = _begun(folder, resume, tuple(on or ()))
        output.note(f"going on with run {identity}, with the settings it was begun with")
    asked = {"rounds": rounds, "minutes": minutes}
    changed = {key: value for key, value in asked.items() if value is not None}
    search = config.search.model_copy(update=changed)
    config = config.model_copy(update={"search": search})
    with Bars() as bars:
        found = perform(
            config,
            folder,
            on=devices,
            resume=identity,
            fresh=fresh,
            force=force,
            progress=bars,
        )
    conclude(found, as_json=as_json)


def _begun(folder: Path, name: str, on: tuple[str, ...]) -> "tuple[str, Config, tuple[str, ...]]":
    """Id, configuration and devices of the run to go on with."""
    from edgehone import pipeline
    from edgehone.store import Store

    store = Store(folder, read_only=True)
    identity = store.run(name).id
    config, devices = pipeline.begun(store, identity)
    if on and on != devices:
        raise UsageError(
            f"Run {identity} was begun on {', '.join(devices) or 'local'}, "
            f"and cannot go on with {', '.join(on)}.",
            "Leave out --on, or start another run.",
        )
    return identity, config, devices
