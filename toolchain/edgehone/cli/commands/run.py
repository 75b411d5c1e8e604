"""`edgehone run`: the loop on a project."""

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgehone.cli import options, output
from edgehone.cli.conclusion import conclude
from edgehone.cli.options import run as own
from edgehone.cli.options.groups import Printing

if TYPE_CHECKING:
    from edgehone.run.loop import StartedRun


def command(
    context: typer.Context,
    project: own.Project = options.PROJECT_FILE,
    *,
    on: options.Devices = None,
    rounds: own.Rounds = None,
    minutes: own.Minutes = None,
    final_epochs: own.FinalEpochs = None,
    name: own.Name = None,
    resume: own.Resume = None,
    fresh: own.Fresh = False,
    force: options.Force = False,
    folder: options.Folder = options.RUNS_FOLDER,
    printing: Printing,
) -> None:
    """Compress, export, measure, decide: the loop on a project. Writes runs/ID with a report.

    Exit 0 when a candidate keeps all budgets, 1 when none does, 3 when that is inconclusive.
    """
    output.note(f"reading {project}" if resume is None else f"reading run {resume}")
    from edgehone.actions.run import beginning, performing
    from edgehone.actions.run.history import require_name
    from edgehone.cli.progress import Bars

    if name is not None:
        require_name(name)
    place, devices = folder.resolve(), tuple(on or ())
    if resume is None:
        started = beginning.of_project(project, devices)
    else:
        started = _earlier(context, place, resume, devices)
    config = beginning.limited(
        started.config, rounds=rounds, minutes=minutes, final_epochs=final_epochs
    )
    request = performing.Request(
        config, place, started.on, started.run or None, fresh, force, name or ""
    )
    with Bars() as bars, chdir(beginning.place_of(started)):
        found = performing.perform(request, bars)
    conclude(found, printing)


def _earlier(context: typer.Context, folder: Path, name: str, on: tuple[str, ...]) -> "StartedRun":
    """The run to go on with, of which nothing else is asked."""
    from edgehone.actions.run import beginning
    from edgehone.cli import effects

    effects.refuse(
        context,
        ("project", "name"),
        "with --resume, as a run is resumed with its original settings",
        "Leave it out, or leave out --resume to start another run.",
    )
    started = beginning.of_run(folder, name, on)
    output.note(f"resuming run {started.run}, with its original settings")
    return started
