"""Options of `edgehone compress`."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli.options import formats

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help=".keras, .h5 or python:module:function.")
]
Recipes = Annotated[
    Path, typer.Argument(metavar="RECIPES", help="A TOML file with [[recipe]] tables.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="One of the recipes; may be repeated."),
]
Teacher = Annotated[
    str | None,
    typer.Option("--teacher", metavar="MODEL", help="Who teaches; MODEL itself if left out."),
]
Unlabelled = Annotated[
    str | None,
    typer.Option(
        "--unlabelled",
        metavar="DATA",
        help="Further samples without labels, on which `distill` learns the teacher's answers: "
        ".npy, .npz, a folder of images, or python:module:function.",
    ),
]
Formats = Annotated[str | None, formats("tflite, onnx, or both; if left out, tflite.")]
