"""`edgehone release`: a bundle tagged as the baseline of the next gate, and the list of those."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options
from edgehone.cli.options.groups import Printing
from edgehone.cli.options.signatures import Trusted
from edgehone.errors import UsageError


def command(
    bundle: Annotated[
        Path | None, typer.Argument(metavar="[ZIP]", help="A file that edgehone bundle wrote.")
    ] = None,
    *,
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="NAME",
            show_default=False,
            help="What the release is called: v1.2, say.",
        ),
    ] = "",
    list_them: Annotated[
        bool, typer.Option("--list", help="List the releases, newest first.")
    ] = False,
    trusted: Trusted,
    folder: options.Folder = options.RUNS_FOLDER,
    printing: Printing,
) -> None:
    """Tag a verified bundle as a release, the baseline of the next gate; or list the releases."""
    from edgehone.actions.release.releases import Request, rows, tag
    from edgehone.cli.show.bundle import show_release, show_releases

    if list_them:
        if bundle is not None or name:
            raise UsageError("--list takes no bundle and no name.", "Give one or the other.")
        printing.emit({"releases": rows(folder), "folder": str(folder)}, show_releases)
        return
    if bundle is None or not name:
        missing = "bundle" if bundle is None else "name"
        raise UsageError(
            f"The {missing} of the release is not given.",
            "edgehone release BUNDLE --name NAME, or edgehone release --list",
        )
    found = tag(Request(bundle, name, folder, trusted.trust, trusted.signature))
    printing.emit(found.document, show_release)
