"""`edgehone app`: a model as projects for phones, the web and boards."""

from pathlib import Path

import typer

from edgehone.cli import effects, options
from edgehone.cli.options import app as own
from edgehone.cli.options.groups import Printing, Settings
from edgehone.errors import UsageError

_OF_KITS = (
    *("run", "platforms", "destination", "data", "labels", "kind", "mean", "deviation"),
    *("licence", "name", "library", "tier", "delivery", "scale", "offset"),
)


def command(
    context: typer.Context,
    file: own.File = None,
    *,
    run: own.Run = None,
    platforms: own.Platforms = None,
    destination: own.Destination = None,
    data: own.Data = None,
    text: own.ModelFacts,
    library: own.Libraries = None,
    tier: own.Tiers = None,
    delivery: own.Delivery = None,
    read: own.Log = None,
    settings: Settings,
    folder: options.Folder = options.RUNS_FOLDER,
    seed: options.Seed = 0,
    printing: Printing,
) -> None:
    """Write kits that bring a model into apps: a project a platform, with wrapper and golden test.

    Each wrapper takes what the app has (pixels, sound, numbers) and does the normalization.
    """
    from edgehone.actions.app import kits
    from edgehone.actions.app.log import read as kept
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.app import show

    if read is not None:
        effects.refuse(context, _OF_KITS, "with --read")
        printing.emit(kept(read, folder, file), show)
        return
    request = kits.Request(
        platforms=_listed(platforms),
        destination=_given(destination),
        file=file,
        run=run or "",
        folder=folder,
        data=data,
        about=text.about,
        libraries=tuple(library or ()),
        seed=seed,
        tiers=tuple(tier or ()),
        delivery="install-time" if delivery is None else delivery,
    )
    with Bars() as bars:
        value = kits.app(request, settings.read(), bars).document
    printing.emit(value, show)


def _listed(platforms: str | None) -> tuple[str, ...]:
    words = (word.strip() for word in (platforms or "").split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def _given(destination: Path | None) -> Path:
    if destination is None:
        raise UsageError("No folder is named for the kits.", "Give a new one with -o DIR.")
    return destination
