"""`edgehone export`: a Keras model as .tflite and .onnx files, audited and compared."""

from typing import Annotated

import typer

from edgehone.cli import export_options as quantizing
from edgehone.cli import options, output
from edgehone.errors import ConversionError


def command(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help=".keras, .h5, a SavedModel of Keras 2, python:module:function; or a float32 "
            ".tflite or .onnx.",
        ),
    ],
    destination: options.Destination,
    formats: quantizing.Formats = None,
    precision: quantizing.Precisions = "float32",
    calibration: quantizing.Calibration = None,
    samples: options.Samples = 200,
    algorithm: quantizing.Algorithm = "min_max",
    percentile: quantizing.Percentile = 100.0,
    block: quantizing.Block = 0,
    symmetric: quantizing.Symmetric = False,
    io: quantizing.Borders = "",
    float_worst: quantizing.FloatWorst = "",
    worst_as: quantizing.WorstAs = "float32",
    batch: quantizing.Batch = "1",
    recurrent: quantizing.Recurrent = "auto",
    require: options.Require = None,
    require_parity: quantizing.RequireParity = None,
    trust: options.Trust = False,
    custom: options.Custom = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Write a model as .tflite or .onnx files. Each is audited and compared with the model."""
    from edgehone.actions import export_request as read
    from edgehone.actions.export import Order, fulfil
    from edgehone.actions.export_options import Bits
    from edgehone.actions.parity_limit import ParityLimit
    from edgehone.actions.settings import Setting
    from edgehone.cli.export_effects import require_effects
    from edgehone.cli.progress import Bars, remarks
    from edgehone.cli.show.export import report_skipped, show
    from edgehone.export.conversion import Layout

    order = Order(
        model=model,
        destination=destination,
        formats=read.formats(formats, model),
        precisions=read.precisions(precision),
        calibration=calibration,
        samples=samples,
        trust=trust,
        custom=tuple(custom or ()),
        seed=seed,
        bits=Bits(algorithm, percentile, io, block, symmetric, float_worst, worst_as),
        layout=Layout(read.batch(batch), read.form(recurrent)),
        require=tuple(require or ()),
        parity=None if require_parity is None else ParityLimit.read(require_parity),
    )
    read.require_data(order)
    setting = Setting.read(project, (scale, offset), progress=remarks)
    require_effects(context, order)
    with Bars() as bars:
        value = fulfil(order, setting, bars)
    output.emit(value, show, as_json=as_json, wide=wide)
    if as_json:
        report_skipped(value)
    if value["skipped"]:
        raise typer.Exit(ConversionError.exit_code)
