"""Options of `edgehone bundle`."""

from pathlib import Path
from typing import Annotated

import typer

Sources = Annotated[
    list[str], typer.Argument(metavar="RUN|FILE...", help="A run, or .tflite and .onnx files.")
]
Destination = Annotated[
    Path, typer.Option("-o", "--output", metavar="ZIP", help="The bundle to write.")
]
Licence = Annotated[
    str,
    typer.Option(
        "--license",
        metavar="SPDX",
        show_default=False,
        help="The model's licence: Apache-2.0, say.",
    ),
]
Measured = Annotated[
    list[Path] | None,
    typer.Option(
        "--measured",
        metavar="JSON",
        help="What bench, compare or gate printed about the files with --json; may be repeated.",
    ),
]
Contract = Annotated[
    Path | None,
    typer.Option(
        "--contract",
        metavar="JSON",
        help="The model.json of an app kit, instead of the one that is made here.",
    ),
]
