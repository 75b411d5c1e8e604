"""Options of `edgehone gate`."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import completing
from edgehone.cli.options import baseline, device

Budgets = Annotated[
    Path, typer.Argument(metavar="BUDGETS.toml", help="[[budget]] tables, or a project file.")
]
Files = Annotated[
    list[Path] | None, typer.Argument(metavar="[FILE]...", help=".tflite or .onnx files.")
]
On = Annotated[
    list[str] | None,
    device("Measure there; may be repeated. Default: the devices that the budgets name, or local."),
]
Run = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="Check the winner of a run instead.",
        autocompletion=completing.runs,
    ),
]
Baseline = Annotated[Path | None, baseline("What accuracy_drop is counted from.")]
Junit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write the checks as JUnit XML.")
]
Markdown = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write a Markdown summary.")
]
Calibrate = Annotated[
    int | None,
    typer.Option(
        "--calibrate",
        metavar="N",
        min=1,
        max=1000,
        help="Instead compare each file with itself N times: how often this device raises a false "
        "alarm, and the smallest change it can see.",
    ),
]
