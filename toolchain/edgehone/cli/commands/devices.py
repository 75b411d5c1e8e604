"""`edgehone devices`: which there are and whether each is fit to measure on; adding one, setting it
up, learning what layers cost there, and forgetting it.
"""

from typing import Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.cli.commands.device_costs import learn
from edgehone.cli.commands.device_setup import Name, setup


def command(
    context: typer.Context,
    on: options.Devices = None,
    project: options.Project = options.PROJECT_FILE,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """List devices and whether each is fit to measure on; add, set up, learn, forget one."""
    if context.invoked_subcommand:
        return
    from edgehone.actions.devices.listing import rows
    from edgehone.actions.settings import Setting
    from edgehone.cli.show.devices import show

    found = rows(Setting.read(project), on or ())
    output.emit({"devices": found}, show, as_json=as_json, wide=wide)


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The device's name.")],
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
    from edgehone.actions.devices.names import add as add_device
    from edgehone.cli.show.devices import show_added

    found = add_device(name, target, address, replace=replace)
    value = {"name": name, "target": target, "address": address, "file": found.file}
    output.emit(value, show_added, as_json=as_json)
    output.note(f"Next: edgehone devices setup {name}  ({found.description})")


def forget(name: Name, as_json: options.Json = False) -> None:
    """Take a device's name out of your own configuration. The device itself stays as it is."""
    from edgehone.actions.devices.names import forget as forget_device
    from edgehone.cli.show.devices import show_removed

    output.emit(forget_device(name), show_removed, as_json=as_json)


SUBCOMMANDS = (add, setup, learn, forget)
