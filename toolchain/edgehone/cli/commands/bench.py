"""`edgehone bench`: latency, memory and accuracy of any files, measured side by side."""

import typer

from edgehone.cli import options
from edgehone.cli.options import measuring as own
from edgehone.cli.options.groups import Printing, Settings


def command(
    context: typer.Context,
    files: own.Files,
    *,
    on: options.Devices = None,
    data: options.Data = None,
    baseline: own.Baseline = None,
    blocks: own.Blocks = None,
    threads: options.Threads = None,
    memory: own.Memory = True,
    settings: Settings,
    seed: options.Seed = 0,
    record: own.Record = None,
    printing: Printing,
) -> None:
    """Measure latency, memory and accuracy of files.

    Each .tflite or .onnx file runs in fresh processes, and their blocks are interleaved.
    """
    from edgehone.actions.bench import Request, bench
    from edgehone.actions.settings import MeasureOptions
    from edgehone.cli import effects
    from edgehone.cli.lost import exit_code
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.bench import show_all

    setting = settings.read()
    if data is None:
        effects.refuse_scaling(context)
        effects.refuse(context, ("baseline",), "without data", "Give data with --data.")
    asked = MeasureOptions(seed=seed, blocks=blocks, threads=threads, memory=memory)
    request = Request(tuple(files), tuple(on or ()), data, asked, record, baseline)
    with Bars() as bars:
        value = bench(request, setting, bars).document
    printing.emit(value, show_all)
    printing.report_lost(value)
    raise typer.Exit(exit_code(value))
