"""`edgehone app`: a model as projects for phones, the web and boards."""

from pathlib import Path
from typing import Any

import typer

from edgehone.cli import app_options as about
from edgehone.cli import effects, options, output
from edgehone.errors import UsageError

NAME = "app"

_OF_KITS = (
    *("run", "platforms", "destination", "data", "labels", "kind", "mean", "deviation"),
    *("licence", "name", "library", "scale", "offset"),
)


def command(
    context: typer.Context,
    file: about.File = None,
    run: about.Run = None,
    platforms: about.Platforms = None,
    destination: about.Destination = None,
    data: about.Data = None,
    labels: about.Labels = None,
    kind: about.Kind = None,
    mean: about.Mean = None,
    deviation: about.Deviation = None,
    licence: about.Licence = None,
    name: about.Name = None,
    library: about.Libraries = None,
    read: about.Log = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    folder: options.Folder = options.RUNS_FOLDER,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Write kits that bring a model into apps: a project a platform, with wrapper and golden test.

    Each wrapper takes what the app has (pixels, sound, numbers) and does the normalization.
    """
    from edgehone.actions import app as kits
    from edgehone.actions.app_log import read as kept
    from edgehone.actions.app_sources import numbers
    from edgehone.actions.settings import Setting
    from edgehone.cli.progress import Bars, remarks
    from edgehone.cli.show.app import show

    if read is not None:
        effects.refuse(context, _OF_KITS, "with --read")
        output.emit(kept(read, folder, file), show, as_json=as_json)
        return
    told = kits.About(
        kind=kind or "",
        labels=labels,
        mean=numbers(mean, "--mean"),
        deviation=numbers(deviation, "--std"),
        licence=licence or "",
        name=name or "",
    )
    request = kits.Request(
        platforms=_listed(platforms),
        destination=_given(destination),
        file=file,
        run=run or "",
        folder=folder,
        data=data,
        about=told,
        libraries=tuple(library or ()),
        seed=seed,
    )
    with Bars() as bars:
        setting = Setting.read(project, (scale, offset), progress=remarks)
        value: Any = kits.app(request, setting, bars).document
    output.emit(value, show, as_json=as_json)


def _listed(platforms: str | None) -> tuple[str, ...]:
    words = (word.strip() for word in (platforms or "").split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def _given(destination: Path | None) -> Path:
    if destination is None:
        raise UsageError("No folder is named for the kits.", "Give a new one with -o DIR.")
    return destination
