"""`edgehone devices learn`: a device's cost table, filled ahead of time."""

from typing import Annotated

import typer

from edgehone.cli import completing, options, output

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A configured device's name, local, or TARGET@ADDRESS.",
        autocompletion=completing.devices,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="The .keras or .h5 file, or python:module:function, whose layers a search will ask "
        "for; without it, layers of usual shapes.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="F",
        autocompletion=completing.formats,
        help="tflite (the default) or onnx, or python:module:Class of your own.",
    ),
]
Precisions = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="P[,P]",
        autocompletion=completing.precisions,
        help="Precisions of the layers; else those that suit the device.",
    ),
]


def learn(
    name: Name,
    model: Model = None,
    format_name: Format = None,
    precision: Precisions = None,
    folder: options.Folder = options.RUNS_FOLDER,
    trust: options.Trust = False,
    custom: options.Custom = None,
    project: options.Project = options.PROJECT_FILE,
    as_json: options.Json = False,
) -> None:
    """Measure what single layers cost on a device, before a run asks for it.

    Costs are kept in the folder of runs. What is there already is not measured again.
    """
    from edgehone import formats
    from edgehone.actions.devices.learn import Request, learn
    from edgehone.actions.export.request import precisions
    from edgehone.actions.settings import Setting
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.devices import show_learned

    device = Setting.read(project).device(name)
    wanted = () if precision is None else precisions(precision)
    form = format_name or formats.USUAL
    request = Request(model or "", form, wanted, folder, trust, tuple(custom or ()))
    with Bars() as bars:
        value = learn(request, device, bars)
    output.emit(value, show_learned, as_json=as_json)
