"""Prints what repacking a file saved."""

from typing import TYPE_CHECKING

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show(value: Plain, console: "Console") -> None:
    """Print both sizes, raw and compressed, and what proves the file equal."""
    artifact, before, proof = value["artifact"], value["before"], value["proof"]
    console.print(f"wrote {artifact['path']}")
    if value["reason"]:
        console.print(f"{value['reason']}; it is a copy.".capitalize())
        return
    for name, key in (("raw", "size_bytes"), ("compressed", "compressed_bytes")):
        change = artifact[key] / before[key] - 1
        console.print(
            f"{name + ':':12}{before[key]:>12,} -> {artifact[key]:,} bytes ({change:+.1%})"
        )
    kernels = ", ".join(proof["kernels"])
    console.print(f"proven:     equal bits in {proof['runs']} runs ({kernels})")
