"""`edgehone repack`: the same model in fewer bytes, proven to compute the same bits."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output


def command(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A .tflite or .onnx file.")],
    destination: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="What to write; or a folder to write it to."
        ),
    ],
    as_json: options.Json = False,
) -> None:
    """Rewrite a finished file in fewer bytes, without changing what it computes.

    Leaves out what no runtime reads (recorded ranges, names inside the graph, doc strings) and
    stores what is equal once. Inputs, outputs, signatures and metadata stay. Files of `export` and
    `run` are repacked already. Refuses, with exit code 5, a file whose outputs are not proven equal
    bit by bit, such as one that cannot be run here.
    """
    from edgehone.actions.repack import Request, repack
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.repack import show

    with Bars() as bars:
        found = repack(Request(source, destination), bars)
    output.emit(found.document, show, as_json=as_json)
