"""`edgehone devices`: which there are and whether each is fit to measure on; adding one, setting it
up and forgetting it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

TOLD = ("ai-edge-litert", "tflite-runtime", "onnxruntime", "numpy")
"""Packages that matter to a measurement; the others are what those depend on."""

NewName = Annotated[str, typer.Argument(metavar="NAME", help="The device's name.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The device's name.", autocompletion=completing.own_devices
    ),
]


def command(
    context: typer.Context,
    on: options.Devices = None,
    project: options.Project = options.PROJECT_FILE,
    as_json: options.Json = False,
) -> None:
    """List devices and whether each is fit to measure on; add one, set it up, forget it."""
    if context.invoked_subcommand:
        return
    from edgehone.actions.devices import rows
    from edgehone.actions.settings import Setting

    found = rows(Setting.read(project), on or ())
    output.emit({"devices": found}, _show, as_json=as_json)


def add(
    name: NewName,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="Its kind; edgehone targets lists them.",
            autocompletion=completing.targets,
        ),
    ],
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="ssh://pi@board, adb://SERIAL, …")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Let it take the place of one of the same name.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Give a device a name, in your own configuration. It is not connected to."""
    from edgehone import targets
    from edgehone.config import DevicePlace, add_device
    from edgehone.errors import UsageError
    from edgehone.measure.device import reach

    kind = targets.named(target)
    reach(address).close()
    if any(each.address for each in targets.profiles().values() if each.name == name):
        raise UsageError(f"{name!r} is a device that is always there.", "Take another name.")
    file = add_device(name, DevicePlace(target=target, address=address), replace=replace)
    value = {"name": name, "target": target, "address": address, "file": str(file)}
    output.emit(value, _show_added, as_json=as_json)
    output.note(f"Next: edgehone devices setup {name}  ({kind.description})")


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
    from edgehone.actions.settings import Setting
    from edgehone.actions.setup import Wish, outfit, strip
    from edgehone.cli.progress import Bars

    device = Setting.read(project).device(name)
    wish = Wish(runner or device.target.program, program, tuple(library or ()))
    with Bars() as bars:
        value = strip(device) if remove else outfit(device, wish, bars)
    output.emit(value, _show_outfit, as_json=as_json)


def forget(name: Name, as_json: options.Json = False) -> None:
    """Take a device's name out of your own configuration. The device itself stays as it is."""
    from edgehone.config import forget_device

    value = {"name": name, "file": str(forget_device(name))}
    output.emit(value, _show_forgotten, as_json=as_json)


SUBCOMMANDS = (add, setup, forget)


def _show(value: Plain, console: "Console") -> None:
    from edgehone.report.tables import Cell, Column, from_columns, print_table

    found = value["devices"]
    table = from_columns(
        [
            (Column("device", numeric=False), [d["name"] for d in found]),
            (Column("target", numeric=False), [d["target"] for d in found]),
            (
                Column("fit", numeric=False),
                [Cell("yes", "pass") if d["fit"] else Cell("no", "fail") for d in found],
            ),
            (
                Column("runtimes", numeric=False),
                [", ".join(f"{k} {v}" for k, v in d["runtimes"].items() if v) for d in found],
            ),
            (Column("remarks", numeric=False), [" ".join(d["remarks"]) for d in found]),
        ]
    )
    print_table(console, table)


def _show_added(value: Plain, console: "Console") -> None:
    console.print("{name} is {target} at {address}, in {file}.".format(**value))


def _show_forgotten(value: Plain, console: "Console") -> None:
    console.print("{name} is no longer in {file}.".format(**value))


def _show_outfit(value: Plain, console: "Console") -> None:
    name = value["name"]
    if value["removed"]:
        console.print(f"edgehone's folder is gone from {name}.")
        return
    if value["program"] is None:
        console.print(f"{name} needs no set-up.")
    else:
        packages = value["packages"].items()
        told = [f"{each} {version}" for each, version in packages if each in TOLD]
        console.print(f"{name} is set up: {', '.join([value['program'], *told])}.")
    console.print(f"Measure on it: edgehone bench MODEL.tflite --on {name}", style="dim")
