"""`edgehone gate --calibrate`: how often a device raises a false alarm."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgehone.cli import output
from edgehone.errors import UsageError

if TYPE_CHECKING:
    from edgehone.actions.gate import Request


def calibrate_files(
    request: "Request", files: list[Path] | None, comparisons: int, *, as_json: bool
) -> None:
    """Compare each file with itself so many times, and print how the device does."""
    from edgehone.actions.calibrate import calibrate
    from edgehone.cli.lost import exit_code
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.gate import show_calibrations

    if not files:
        raise UsageError("--calibrate needs a file to compare with itself.", "Give a FILE.")
    with Bars() as bars:
        value = calibrate(request, files, comparisons, bars)
    output.emit(value, show_calibrations, as_json=as_json)
    raise typer.Exit(exit_code(value))
