"""`edgehone init`: a project file, commented throughout or made for a model and its data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, options, output
from edgehone.errors import UsageError
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.actions.init import Request

OF_A_MODEL = ("scale", "offset", "on", "minimize", "trust", "custom")


Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="MODEL", help="The trained model: .keras, .h5 or a function's name."
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="DEVICE",
        help="What it will run on: a device's name, local, or TARGET@ADDRESS.",
        autocompletion=completing.devices,
    ),
]
Minimize = Annotated[
    str | None,
    typer.Option(
        "--minimize",
        metavar="METRIC",
        help="What the winner has least of; latency_p50_ms if left out.",
        autocompletion=completing.metrics,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file that is there.")]


def command(
    context: typer.Context,
    folder: Folder = Path(),
    model: Model = None,
    data: options.Data = None,
    on: On = None,
    minimize: Minimize = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    trust: options.Trust = False,
    custom: options.Custom = None,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write a project file, edgehone.toml; with --model and --data one that fits them.

    Looks at both: shapes, classes, the range of values and how the model scales them; proposes
    scale, budgets and objective, and says what it saw. Without them the file explains every key and
    runs as it is, on bundled data.
    """
    from edgehone.actions import init
    from edgehone.actions.scaling import number, scale_number
    from edgehone.cli import effects

    if (model is None) != (data is None):
        missing = "--data DATA" if data is None else "--model MODEL"
        raise UsageError("A model and its data belong together.", f"Give {missing}, too.")
    if model is None or data is None:
        effects.refuse(context, OF_A_MODEL, "without a model", "Give --model and --data, too.")
        path = init.write(folder, replace=force)
        output.emit({"path": str(path), "saw": []}, _show, as_json=as_json)
        return
    request = init.Request(
        model,
        data,
        None if scale is None else scale_number(scale),
        None if offset is None else number(offset, "--offset"),
        on or "",
        minimize or "",
        trust,
        tuple(custom or ()),
    )
    _write_fitted(folder, request, force=force, as_json=as_json)


def _write_fitted(folder: Path, request: "Request", *, force: bool, as_json: bool) -> None:
    """A project that fits a model and its data, and what was seen of them."""
    from edgehone.actions import init
    from edgehone.cli.progress import Bars

    with Bars() as bars:
        path, looked, reasons = init.write_fitted(folder, request, replace=force, progress=bars)
    value = {
        "path": str(path),
        "saw": list(reasons),
        "warning": looked.warning,
        "scale": looked.scale,
        "offset": looked.offset,
        "task": {"kind": looked.task.kind, "metric": looked.task.metric},
        "device": request.on or "local",
    }
    output.emit(value, _show, as_json=as_json)
    if looked.warning:
        output.note(f"warning: {looked.warning}")


def _show(value: Plain, console: "Console") -> None:
    for text in value["saw"]:
        console.print(text)
    path = Path(value["path"])
    where = "" if path.parent == Path() else f"cd {path.parent} && "
    device = value.get("device", "local")
    named = "my-board" if "@" in device else device
    there = "" if named == "local" else f" --on {named}"
    console.print(f"Wrote {path}. Run it with: {where}edgehone run{there}", soft_wrap=True)
