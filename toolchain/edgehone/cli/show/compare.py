"""Prints comparisons of two files."""

from typing import TYPE_CHECKING

from edgehone.cli.show import bench
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show_all(value: Plain, console: "Console") -> None:
    """Print a comparison a device, and the devices that failed."""
    from edgehone.cli.lost import show_lost

    for each in value["comparisons"]:
        show(each, console)
    show_lost(value, console)


def show(value: Plain, console: "Console") -> None:
    """Print both measurements and one sentence about their ratio."""
    from edgehone.report.comparison import sentence

    bench.show(value, console)
    console.print(sentence(value), style="bold")
