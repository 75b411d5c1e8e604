"""Devices that failed while others went on: told, and reflected in the exit code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgehone.cli import output
from edgehone.errors import DeviceError
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.measure.fleet import Lost


def lost_json(lost: "Sequence[Lost]") -> list[dict[str, Any]]:
    """The devices that failed, each with what its error would have said alone."""
    return [
        {
            "device": each.device,
            "message": each.error.message,
            "hint": each.error.hint,
            "exit_code": each.error.exit_code,
        }
        for each in lost
    ]


def show_lost(value: Plain, console: "Console") -> None:
    """One line of what and one of what to do for each."""
    for each in value["lost"]:
        console.print(f"{each['device']} failed: {each['message']}", style="red")
        console.print(f"hint: {each['hint']}")


def tell_lost(value: Plain) -> None:
    """The same on stderr, where the document alone is on stdout."""
    for each in value["lost"]:
        output.failure(f"{each['device']} failed: {each['message']}", each["hint"])


def exit_code(value: Plain, otherwise: int = 0) -> int:
    """That of the first device that failed, or else `otherwise`."""
    if not value["lost"]:
        return otherwise
    return int(value["lost"][0]["exit_code"]) or DeviceError.exit_code
