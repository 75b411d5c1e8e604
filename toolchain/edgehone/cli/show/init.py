"""Prints what `init` saw and wrote."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show(value: Plain, console: "Console") -> None:
    """Print what was seen, and what to do with the file."""
    for text in value["saw"]:
        console.print(text)
    path = Path(value["path"])
    where = "" if path.parent == Path() else f"cd {path.parent} && "
    device = value.get("device", "local")
    named = "my-board" if "@" in device else device
    there = "" if named == "local" else f" --on {named}"
    console.print(f"Wrote {path}. Run it with: {where}edgehone run{there}", soft_wrap=True)
