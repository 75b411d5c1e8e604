"""`edgehone techniques`: what recipes are made of, with all settings."""

from typing import Annotated

import typer

from edgehone.cli import completing, options, output


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="One technique, with its settings.",
            autocompletion=completing.techniques,
        ),
    ] = None,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """List the compression techniques, or one technique's settings and values worth trying."""
    from edgehone.actions.techniques import techniques
    from edgehone.cli.show.techniques import show_all, show_one

    value = {"techniques": techniques(name)}
    show = show_all if name is None else show_one
    output.emit(value, show, as_json=as_json, wide=wide)
