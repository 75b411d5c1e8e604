"""`edgehone run`: the loop on a project."""

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.errors import UsageError
from edgehone.system.bounds import CANDIDATES, MINUTES

if TYPE_CHECKING:
    from edgehone.run.loop import Begun


def command(
    context: typer.Context,
    project: Annotated[
        Path, typer.Argument(metavar="[edgehone.toml]", help="The project file.")
    ] = options.PROJECT_FILE,
    on: options.Devices = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds", min=0, max=CANDIDATES, help="Most candidates, instead of the file's."
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0.1, max=MINUTES, help="No round starts after this long."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What to call the run, for `edgehone runs`."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            autocompletion=completing.runs,
            help="Go on with a run, its id or latest, as it was begun; no project file is read.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure anew what earlier runs measured.")
    ] = False,
    force: options.Force = False,
    folder: options.Folder = options.RUNS_FOLDER,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Compress, export, measure, decide: the loop on a project. Writes runs/ID with a report.

    Exit 0 when a candidate keeps all budgets, 1 when none does, 3 when that is inconclusive.
    """
    output.note(f"reading {project}" if resume is None else f"reading run {resume}")
    from edgehone.cli import effects
    from edgehone.cli.loop import conclude, perform
    from edgehone.cli.progress import Bars
    from edgehone.config import load

    if name is not None:
        from edgehone.actions.runs import require_name

        require_name(name)
    if resume is not None:
        effects.refuse(
            context,
            ("project", "name"),
            "with --resume, as a run goes on with the settings it was begun with",
            "Leave it out, or leave out --resume to start another run.",
        )
    identity, devices, place = None, tuple(on or ()), Path.cwd()
    folder = folder.resolve()
    if resume is None:
        config = load(project)
    else:
        begun = _begun(folder, resume, devices)
        identity, config, devices = begun.run, begun.config, begun.on
        place = begun.folder if begun.folder and begun.folder.is_dir() else place
        output.note(f"going on with run {identity}, with the settings it was begun with")
    asked = {"rounds": rounds, "minutes": minutes}
    changed = {key: value for key, value in asked.items() if value is not None}
    search = config.search.model_copy(update=changed)
    config = config.model_copy(update={"search": search})
    with Bars() as bars, chdir(place):
        found = perform(
            config,
            folder,
            on=devices,
            resume=identity,
            fresh=fresh,
            force=force,
            name=name or "",
            progress=bars,
        )
    conclude(found, as_json=as_json, wide=wide)


def _begun(folder: Path, name: str, on: tuple[str, ...]) -> "Begun":
    """The run to go on with."""
    from edgehone.run import loop
    from edgehone.store import Store

    store = Store(folder, read_only=True)
    begun = loop.begun(store, name)
    if on and on != begun.on:
        raise UsageError(
            f"Run {begun.run} was begun on {', '.join(begun.on) or 'local'}, "
            f"and cannot go on with {', '.join(on)}.",
            "Leave out --on, or start another run.",
        )
    return begun
