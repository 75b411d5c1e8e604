"""`edgehone export`: a Keras model as .tflite and .onnx files, audited and compared."""

import typer

from edgehone.cli import options
from edgehone.cli.options import export as own
from edgehone.cli.options.groups import Printing, Settings
from edgehone.errors import ConversionError


def command(
    context: typer.Context,
    model: own.Model,
    *,
    destination: options.Destination,
    kinds: own.Kinds,
    calibration: own.Calibration = None,
    samples: options.Samples = 200,
    quantizing: own.Quantizing,
    layout: own.Layout,
    required: own.Required,
    trust: options.Trust = False,
    custom: options.Custom = None,
    settings: Settings,
    seed: options.Seed = 0,
    printing: Printing,
) -> None:
    """Write a model as .tflite or .onnx files. Each is audited and compared with the model."""
    from edgehone.actions.export.making import Request, perform
    from edgehone.actions.export.request import require_data
    from edgehone.cli.effects.export import require_effects
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.export import report_skipped, show

    order = Request(
        model=model,
        destination=destination,
        formats=kinds.formats_of(model),
        precisions=kinds.precisions,
        calibration=calibration,
        samples=samples,
        trust=trust,
        custom=tuple(custom or ()),
        seed=seed,
        bits=quantizing.bits,
        layout=layout.layout,
        require=required.findings,
        parity=required.parity,
    )
    setting = settings.read()
    require_data(order, setting.data)
    require_effects(context, order)
    with Bars() as bars:
        value = perform(order, setting, bars)
    printing.emit(value, show)
    if printing.as_json:
        report_skipped(value)
    if value["skipped"]:
        raise typer.Exit(ConversionError.exit_code)
