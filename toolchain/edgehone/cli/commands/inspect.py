"""`edgehone inspect`: a model's layers, costs and channel groups; what is in an artifact."""

from typing import Annotated

import typer

from edgehone.cli import options, output
from edgehone.errors import ModelError


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help=".keras, .h5, python:module:function, .tflite or .onnx."
        ),
    ],
    trust: options.Trust = False,
    custom: options.Custom = None,
    require: options.Require = None,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Show what a model costs, or what a file really holds."""
    from edgehone.actions.inspect import Request, inspect
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.inspect import lacking, show_file, show_model

    request = Request(source, trust, tuple(custom or ()), tuple(require or ()))
    with Bars() as bars:
        found = inspect(request, bars)
    show = show_file if found.about == "file" else show_model
    output.emit(found.document, show, as_json=as_json, wide=wide)
    if as_json:
        for each in found.findings:
            output.failure(f"{source} is {lacking(each)}", "Export it otherwise.")
    if found.findings:
        raise typer.Exit(ModelError.exit_code)
