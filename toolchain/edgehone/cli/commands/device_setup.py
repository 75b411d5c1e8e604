"""`edgehone devices setup`: what measuring on a device needs, brought there or taken away."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import completing, options, output

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The device's name.", autocompletion=completing.own_devices
    ),
]


def setup(
    name: Name,
    program: Annotated[
        Path | None,
        typer.Option("--program", metavar="FILE", help="A program of your own build."),
    ] = None,
    library: Annotated[
        list[str] | None,
        typer.Option(
            "--library",
            metavar="FILE",
            help="A runtime of your own: libLiteRt.so, libonnxruntime.so, or RUNTIME=FILE; may be "
            "repeated.",
        ),
    ] = None,
    runner: Annotated[
        str | None,
        typer.Option(
            "--runner",
            metavar="RUNNER",
            help="python, native or benchmark_model; else as its target says.",
        ),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take edgehone's folder away from the device instead.")
    ] = False,
    project: options.Project = options.PROJECT_FILE,
    as_json: options.Json = False,
) -> None:
    """Bring to a device what measuring there needs, into one folder of its own.

    The device needs no internet: this machine fetches what fits it. What is there already is not
    sent again.
    """
    from edgehone.actions.devices.setup import SetupRequest, set_up, strip
    from edgehone.actions.settings import Setting
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.devices import show_setup

    device = Setting.read(project).device(name)
    request = SetupRequest(runner or device.target.program, program, tuple(library or ()))
    with Bars() as bars:
        value = strip(device) if remove else set_up(device, request, bars)
    output.emit(value, show_setup, as_json=as_json)
