"""`edgehone compress`: recipes carried out on a model, with the files that come of them."""

import typer

from edgehone.cli import options
from edgehone.cli.options import compress as own
from edgehone.cli.options.groups import Printing, Settings
from edgehone.errors import ConversionError


def command(
    model: own.Model,
    recipes: own.Recipes,
    *,
    destination: options.Destination,
    data: options.Data = None,
    unlabelled: own.Unlabelled = None,
    only: own.Only = None,
    teacher: own.Teacher = None,
    formats: own.Formats = None,
    samples: options.Samples = 200,
    trust: options.Trust = False,
    custom: options.Custom = None,
    settings: Settings,
    seed: options.Seed = 0,
    force: options.Force = False,
    printing: Printing,
) -> None:
    """Carry out recipes of your own on a model: NAME.keras and the exported files of each.

    `edgehone techniques` lists what recipes are made of. For the search that finds recipes by
    itself, on a device and within budgets, see `edgehone run`.
    """
    from edgehone.actions.compress import Request, perform
    from edgehone.actions.export import request
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.compress import report_failures, show

    order = Request(
        model=model,
        recipes=recipes,
        destination=destination,
        data=data,
        unlabelled=unlabelled,
        only=tuple(only or ()),
        teacher=teacher,
        formats=request.formats(formats),
        samples=samples,
        trust=trust,
        custom=tuple(custom or ()),
        seed=seed,
        force=force,
    )
    with Bars() as bars:
        value = perform(order, settings.read(), bars)
    printing.emit(value, show)
    if printing.as_json:
        report_failures(value)
    if value["failed"] or any(recipe["skipped"] for recipe in value["recipes"]):
        raise typer.Exit(ConversionError.exit_code)
