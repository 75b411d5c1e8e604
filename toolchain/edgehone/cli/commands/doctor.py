"""`edgehone doctor`: what is there, what is missing, and how to get it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from edgehone.cli import options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.report.tables import Cell

MISSING = 2
"""Exit code when something is missing that every command needs."""


def command(
    folder: options.Folder = options.RUNS_FOLDER,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Check this installation and machine. Exit 2: something needed is missing."""
    from edgehone.actions.doctor import examine

    checks = examine(folder)
    ready = all(check["ok"] for check in checks if check["required"])
    output.emit({"ready": ready, "checks": checks}, _show, as_json=as_json, wide=wide)
    if not ready:
        raise typer.Exit(MISSING)


def _show(value: Plain, console: "Console") -> None:
    from edgehone.report.tables import Cell, Column, from_columns, print_table

    checks = value["checks"]
    table = from_columns(
        [
            (Column("what", numeric=False), [check["name"] for check in checks]),
            (Column("", numeric=False), [_mark(check) for check in checks]),
            (Column("found", numeric=False), [Cell(c["found"], "quiet") for c in checks]),
            (Column("needed for", numeric=False, rank=1), [c["needed_for"] for c in checks]),
        ]
    )
    print_table(console, table)
    for advice, names in _advice(checks).items():
        console.print(f"For {', '.join(names)}:")
        console.print(f"  {advice}", soft_wrap=True)  # to be copied in one piece
    text = "Ready." if value["ready"] else "Not ready: something is missing that is required."
    console.print(text, style="bold")


def _advice(checks: Sequence[Plain]) -> dict[str, list[str]]:
    """What to do, each once, and what it is for; what is required comes first."""
    found: dict[str, list[str]] = {}
    for check in sorted(checks, key=lambda check: not check["required"]):
        if check["advice"]:
            named = f"{check['name']} ({check['needed_for']})"
            found.setdefault(check["advice"], []).append(named)
    return found


def _mark(check: Plain) -> "Cell":
    from edgehone.report.tables import Cell

    if check["ok"]:
        return Cell("ok", "pass")
    return Cell("missing", "fail") if check["required"] else Cell("optional", "inconclusive")
