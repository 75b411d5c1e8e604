"""`edgehone demo`: the whole loop on bundled data and this machine."""

from typing import Annotated

from edgehone.cli import options
from edgehone.cli.options.groups import Printing

Rounds = Annotated[int | None, options.rounds("Most candidates to build and measure.")]


def command(
    *,
    seed: options.Seed = 0,
    rounds: Rounds = None,
    folder: options.Folder = options.RUNS_FOLDER,
    printing: Printing,
) -> None:
    """Show the whole loop on bundled data and this machine. Needs no network and no set-up."""
    from edgehone.actions import demo
    from edgehone.actions.run import performing
    from edgehone.actions.run.beginning import limited
    from edgehone.cli.conclusion import conclude
    from edgehone.cli.progress import Bars

    folder = folder.resolve()
    with Bars() as bars:
        config = demo.config(folder / "demo", seed=seed, progress=bars)
        found = performing.perform(performing.Request(limited(config, rounds=rounds), folder), bars)
    conclude(found, printing)
