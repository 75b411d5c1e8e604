"""`edgehone compare`: which of two files is faster, from interleaved pairs."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.system.bounds import BLOCKS


def command(
    context: typer.Context,
    a: Annotated[Path, typer.Argument(metavar="A", help="A .tflite or .onnx file.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The file it is compared with.")],
    on: options.Devices = None,
    data: options.Data = None,
    pairs: Annotated[
        int | None,
        typer.Option(
            "--pairs",
            min=12,
            max=BLOCKS,
            help="Most pairs of blocks; 12 or more. Default: 36.",
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(
            "--margin", min=0.0, max=1.0, help="Ratios this near to 1 are called the same."
        ),
    ] = 0.02,
    threads: options.Threads = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Tell which of two files is faster.

    Gives the ratio of p50 with its interval, and exit code 3 when the interval does not tell, or
    the device was throttled or contended. As many pairs are measured as it takes; of two files that
    are alike, 1 in 100 are called different.
    """
    from edgehone.actions.compare import Request, compare
    from edgehone.actions.settings import Setting
    from edgehone.cli import effects
    from edgehone.cli.lost import exit_code, tell_lost
    from edgehone.cli.progress import Bars, remarks
    from edgehone.cli.show.compare import show_all

    setting = Setting.read(project, (scale, offset), progress=remarks)
    if data is None:
        effects.refuse_scaling(context)
    request = Request(a, b, tuple(on or ()), data, pairs, margin, threads=threads, seed=seed)
    with Bars() as bars:
        value = compare(request, setting, bars).document
    output.emit(value, show_all, as_json=as_json, wide=wide)
    if as_json:
        tell_lost(value)
    undecided = any(each["verdict"] == "inconclusive" for each in value["comparisons"])
    raise typer.Exit(exit_code(value, EXIT_CODES["inconclusive"] if undecided else 0))
