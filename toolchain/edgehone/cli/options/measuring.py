"""Options of `edgehone bench` and `edgehone compare`."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli.options import baseline
from edgehone.system.bounds import BLOCKS

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help=".tflite or .onnx files.")]
Baseline = Annotated[Path | None, baseline("The one that accuracy drops are counted from.")]
Blocks = Annotated[
    int | None, typer.Option("--blocks", min=1, max=BLOCKS, help="Fresh processes per file.")
]
Memory = Annotated[bool, typer.Option("--memory/--no-memory")]
Record = Annotated[
    Path | None,
    typer.Option(
        "--record", metavar="FILE", help="Write what the device answers, for scripted://FILE."
    ),
]
First = Annotated[Path, typer.Argument(metavar="A", help="A .tflite or .onnx file.")]
Second = Annotated[Path, typer.Argument(metavar="B", help="The file it is compared with.")]
Pairs = Annotated[
    int | None,
    typer.Option(
        "--pairs", min=12, max=BLOCKS, help="Most pairs of blocks; 12 or more. Default: 36."
    ),
]
Margin = Annotated[
    float,
    typer.Option("--margin", min=0.0, max=1.0, help="Ratios this near to 1 are called the same."),
]
