"""`edgehone init`: a commented project file that runs as it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import options, output
from edgehone.errors import UsageError
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write a commented edgehone.toml that runs as it is."""
    from edgehone.config import template
    from edgehone.system.files import write_whole

    path = folder / options.PROJECT_FILE
    if path.exists() and not force:
        raise UsageError(f"{path} is there already.", "Replace it with --force, or name a folder.")
    write_whole(path, template())
    output.emit({"path": str(path)}, _show, as_json=as_json)


def _show(value: Plain, console: "Console") -> None:
    path = Path(value["path"])
    where = "" if path.parent == Path() else f"cd {path.parent} && "
    console.print(f"Wrote {path}. Run it with: {where}edgehone run")
