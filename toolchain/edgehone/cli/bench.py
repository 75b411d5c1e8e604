"""`edgehone bench`: latency, memory and accuracy of any files, measured side by side."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import options, output
from edgehone.system.bounds import BLOCKS


def command(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".tflite or .onnx files.")],
    on: options.Devices = None,
    data: options.Data = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline", metavar="FILE", help="The one that accuracy drops are counted from."
        ),
    ] = None,
    blocks: Annotated[
        int | None, typer.Option("--blocks", min=1, max=BLOCKS, help="Fresh processes per file.")
    ] = None,
    threads: options.Threads = None,
    memory: Annotated[bool, typer.Option("--memory/--no-memory")] = True,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", metavar="FILE", help="Write what the device answers, for scripted://FILE."
        ),
    ] = None,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Measure latency, memory and accuracy of files.

    Each .tflite or .onnx file runs in fresh processes, and their blocks are interleaved.
    """
    from edgehone.actions.bench import Request, bench
    from edgehone.actions.settings import Asked, Setting
    from edgehone.cli import effects
    from edgehone.cli.lost import exit_code, tell_lost
    from edgehone.cli.progress import Bars, remarks
    from edgehone.cli.show.bench import show_all

    setting = Setting.read(project, (scale, offset), progress=remarks)
    if data is None:
        effects.refuse_scaling(context)
        effects.refuse(context, ("baseline",), "without data", "Give data with --data.")
    asked = Asked(seed=seed, blocks=blocks, threads=threads, memory=memory)
    request = Request(tuple(files), tuple(on or ()), data, asked, record, baseline)
    with Bars() as bars:
        found = bench(request, setting, bars)
    value = found.document
    output.emit(value, show_all, as_json=as_json, wide=wide)
    if as_json:
        tell_lost(value)
    raise typer.Exit(exit_code(value))
