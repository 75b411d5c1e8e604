"""`edgehone devices`: the devices that have a name, and whether each is fit to measure on."""

from typing import TYPE_CHECKING, Any

from edgehone.cli import options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    on: options.Devices = None,
    project: options.Project = options.PROJECT_FILE,
    as_json: options.Json = False,
) -> None:
    """List devices, and whether each is fit to measure on."""
    from edgehone.cli.fitness import fitness
    from edgehone.cli.setting import Setting

    setting = Setting.read(project)
    found: list[dict[str, Any]] = [
        fitness(setting.device(name)) for name in on or setting.device_names()
    ]
    output.emit({"devices": found}, _show, as_json=as_json)


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
