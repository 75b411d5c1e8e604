"""Devices that failed while others went on: printed, and reflected in the exit code."""

from typing import TYPE_CHECKING

from edgehone.cli import output
from edgehone.errors import DeviceError, ExecutionError
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show_lost(value: Plain, console: "Console") -> None:
    """One line of what and one of what to do for each."""
    for each in value["lost"]:
        console.print(f"{each['device']} failed: {each['message']}", style="red")
        console.print(f"hint: {each['hint']}")


def failures(value: Plain) -> dict[str, str]:
    """A sentence on each file that a device could not run beside others, and what to do."""
    found = [each for each in value.get("measurements", ()) if each["verdict"] == "failed"]
    return {
        f"{each['artifact']['path']} {each['reason'].rstrip('.')}.": _hint(each) for each in found
    }


def _hint(measurement: Plain) -> str:
    if not (measurement.get("host_parity") or {}).get("unlike"):
        return "See what is in the file with `edgehone inspect`."
    runtime, device = measurement["runtime"]["name"], measurement["device"]["name"]
    return f"Update {runtime} on the device, and measure again: edgehone devices setup {device}"


def report_lost(value: Plain) -> None:
    """The same on stderr, where the document alone is on stdout; and files that cannot be run."""
    for line, hint in failures(value).items():
        output.failure(line, hint)
    for each in value["lost"]:
        output.failure(f"{each['device']} failed: {each['message']}", each["hint"])


def exit_code(value: Plain, otherwise: int = 0) -> int:
    """That of the first device that failed, that of files that cannot be run, or `otherwise`."""
    if value["lost"]:
        return int(value["lost"][0]["exit_code"]) or DeviceError.exit_code
    return ExecutionError.exit_code if failures(value) else otherwise
