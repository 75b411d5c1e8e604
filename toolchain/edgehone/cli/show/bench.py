"""Prints measurements, a table a device."""

from typing import TYPE_CHECKING

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show_all(value: Plain, console: "Console") -> None:
    """Print a table a device, warnings, and the devices that failed."""
    from edgehone.cli.lost import show_lost

    devices = dict.fromkeys(one["device"]["name"] for one in value["measurements"])
    for name in devices:
        on_device = [one for one in value["measurements"] if one["device"]["name"] == name]
        show({"measurements": on_device}, console)
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", markup=False, soft_wrap=True)
    show_lost(value, console)


def show(value: Plain, console: "Console") -> None:
    """Print a table of one device's measurements, and what is doubtful about them."""
    from edgehone.documents import measurements_of
    from edgehone.report.inputs import input_lines
    from edgehone.report.parity import parity_line
    from edgehone.report.rows import judged_on, measurements_table, rows_of_files
    from edgehone.report.tables import print_table

    measurements = measurements_of(value)
    rows = rows_of_files(measurements)
    table = measurements_table(rows)
    lines = [f"on {measurements[0].device.name}", judged_on(measurements)]
    print_table(console, table, "; ".join(part for part in lines if part))
    for row in rows:
        if row.measurement.reason:
            console.print(f"{row.name}: {row.measurement.reason}", style="yellow")
        for line in (*input_lines(row.measurement), parity_line(row.measurement)):
            if line:
                console.print(f"{row.name}: {line}", style="yellow", markup=False)
