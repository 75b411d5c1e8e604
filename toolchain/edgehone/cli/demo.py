"""`edgehone demo`: the whole loop on bundled data and this machine."""

from typing import Annotated

import typer

from edgehone.cli import options
from edgehone.system.bounds import CANDIDATES


def command(
    seed: options.Seed = 0,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds", min=0, max=CANDIDATES, help="Most candidates to build and measure."
        ),
    ] = None,
    folder: options.Folder = options.RUNS_FOLDER,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Show the whole loop on bundled data and this machine. Needs no network and no set-up."""
    from edgehone.actions import demo
    from edgehone.cli.loop import conclude, perform
    from edgehone.cli.progress import Bars

    folder = folder.resolve()
    with Bars() as bars:
        config = demo.config(folder / "demo", seed=seed, progress=bars)
        if rounds is not None:
            search = config.search.model_copy(update={"rounds": rounds})
            config = config.model_copy(update={"search": search})
        found = perform(config, folder, progress=bars)
    conclude(found, as_json=as_json, wide=wide)
