"""`edgehone compress`: recipes carried out on a model, with the files that come of them."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.errors import ConversionError


def command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help=".keras, .h5 or python:module:function.")
    ],
    recipes: Annotated[
        Path, typer.Argument(metavar="RECIPES", help="A TOML file with [[recipe]] tables.")
    ],
    destination: options.Destination,
    data: options.Data = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="One of the recipes; may be repeated."),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option("--teacher", metavar="MODEL", help="Who teaches; MODEL itself if left out."),
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="F[,F]",
            help="tflite, onnx, or both; if left out, tflite.",
            autocompletion=completing.formats,
        ),
    ] = None,
    samples: options.Samples = 200,
    trust: options.Trust = False,
    custom: options.Custom = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    force: options.Force = False,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Carry out recipes of your own on a model: NAME.keras and the exported files of each.

    `edgehone techniques` lists what recipes are made of. For the search that finds recipes by
    itself, on a device and within budgets, see `edgehone run`.
    """
    from edgehone.actions import export_request as read
    from edgehone.actions.compress import Order, fulfil
    from edgehone.actions.settings import Setting
    from edgehone.cli.progress import Bars, remarks
    from edgehone.cli.show.compress import report_failures, show

    order = Order(
        model=model,
        recipes=recipes,
        destination=destination,
        data=data,
        only=tuple(only or ()),
        teacher=teacher,
        formats=read.formats(formats),
        samples=samples,
        trust=trust,
        custom=tuple(custom or ()),
        seed=seed,
        force=force,
    )
    with Bars() as bars:
        value = fulfil(order, Setting.read(project, (scale, offset), progress=remarks), bars)
    output.emit(value, show, as_json=as_json, wide=wide)
    if as_json:
        report_failures(value)
    if value["failed"] or any(recipe["skipped"] for recipe in value["recipes"]):
        raise typer.Exit(ConversionError.exit_code)
