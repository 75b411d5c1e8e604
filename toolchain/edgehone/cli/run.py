"""`edgehone run`: the loop on a project."""

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.errors import UsageError
from edgehone.system.bounds import CANDIDATES, MINUTES

if TYPE_CHECKING:
    from edgehone.config import Config
    from edgehone.run.loop import Begun


Project = Annotated[Path, typer.Argument(metavar="[edgehone.toml]", help="The project file.")]
Rounds = Annotated[
    int | None,
    typer.Option("--rounds", min=0, max=CANDIDATES, help="Most candidates, instead of the file's."),
]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=0.1, max=MINUTES, help="No round starts after this long."),
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
        help="Go on with a run, its id or latest, as it was begun; no project file is read.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Measure anew what earlier runs measured.")]


def command(
    context: typer.Context,
    project: Project = options.PROJECT_FILE,
    on: options.Devices = None,
    rounds: Rounds = None,
    minutes: Minutes = None,
    name: Name = None,
    resume: Resume = None,
    fresh: Fresh = False,
    force: options.Force = False,
    folder: options.Folder = options.RUNS_FOLDER,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Compress, export, measure, decide: the loop on a project. Writes runs/ID with a report.

    Exit 0 when a candidate keeps all budgets, 1 when none does, 3 when that is inconclusive.
    """
    output.note(f"reading {project}" if resume is None else f"reading run {resume}")
    from edgehone.cli.loop import conclude, perform
    from edgehone.cli.progress import Bars

    folder = folder.resolve()
    config, devices, identity, place = _what(context, folder, tuple(on or ()))
    asked = {"rounds": rounds, "minutes": minutes}
    changed = {key: value for key, value in asked.items() if value is not None}
    config = config.model_copy(update={"search": config.search.model_copy(update=changed)})
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


def _what(
    context: typer.Context, folder: Path, on: tuple[str, ...]
) -> "tuple[Config, tuple[str, ...], str | None, Path]":
    """The configuration, the devices, the run that is gone on with if one is, and the folder that
    paths in the configuration start from.
    """
    from edgehone.actions.runs import require_name
    from edgehone.cli import effects
    from edgehone.config import load

    if context.params["name"] is not None:
        require_name(context.params["name"])
    resume = context.params["resume"]
    if resume is None:
        return load(context.params["project"]), on, None, Path.cwd()
    effects.refuse(
        context,
        ("project", "name"),
        "with --resume, as a run goes on with the settings it was begun with",
        "Leave it out, or leave out --resume to start another run.",
    )
    begun = _begun(folder, resume, on)
    output.note(f"going on with run {begun.run}, with the settings it was begun with")
    place = begun.folder if begun.folder and begun.folder.is_dir() else Path.cwd()
    return begun.config, begun.on, begun.run, place


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
