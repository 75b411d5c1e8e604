"""`edgehone init`: a project file, commented throughout or made for a model and its data."""

from pathlib import Path

import typer

from edgehone.cli import options
from edgehone.cli.options import init as own
from edgehone.errors import UsageError

OF_A_MODEL = ("scale", "offset", "on", "minimize", "trust", "custom")


def command(
    context: typer.Context,
    folder: own.Folder = Path(),
    model: own.Model = None,
    data: options.Data = None,
    on: own.On = None,
    minimize: own.Minimize = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    trust: options.Trust = False,
    custom: options.Custom = None,
    force: own.Force = False,
    as_json: options.Json = False,
) -> None:
    """Write a project file, edgehone.toml; with --model and --data one that fits them.

    Looks at both: shapes, classes, the range of values and how the model scales them; proposes
    scale, budgets and objective, and says what it saw. Without them the file explains every key and
    runs as it is, on bundled data.
    """
    from edgehone.actions import init
    from edgehone.actions.scaling import number, scale_number
    from edgehone.cli import effects, output
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.init import show

    if (model is None) != (data is None):
        missing = "--data DATA" if data is None else "--model MODEL"
        raise UsageError("A model and its data belong together.", f"Give {missing}, too.")
    if model is None or data is None:
        effects.refuse(context, OF_A_MODEL, "without a model", "Give --model and --data, too.")
        path = init.write(folder, replace=force)
        output.emit({"path": str(path), "saw": []}, show, as_json=as_json)
        return
    request = init.Request(
        model,
        data,
        None if scale is None else scale_number(scale),
        None if offset is None else number(offset, "--offset"),
        on or "",
        minimize or "",
        trust,
        tuple(custom or ()),
    )
    with Bars() as bars:
        value = init.fitted(folder, request, replace=force, progress=bars)
    output.emit(value, show, as_json=as_json)
    if value["warning"]:
        output.note(f"warning: {value['warning']}")
