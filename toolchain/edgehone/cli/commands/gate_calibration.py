"""`edgehone gate --calibrate`: how often a device raises a false alarm."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from edgehone.cli.options.groups import Printing
from edgehone.errors import UsageError

if TYPE_CHECKING:
    from edgehone.actions.gate.request import Request


def calibrate_files(
    request: "Request", files: list[Path] | None, comparisons: int, printing: Printing
) -> NoReturn:
    """Compare each file with itself so many times, and print how the device does."""
    from edgehone.actions.gate.calibrate import calibrate
    from edgehone.cli.lost import exit_code
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.gate import show_calibrations

    if not files:
        raise UsageError("--calibrate needs a file to compare with itself.", "Give a FILE.")
    with Bars() as bars:
        value = calibrate(request, files, comparisons, bars)
    printing.emit(value, show_calibrations)
    raise typer.Exit(exit_code(value))
