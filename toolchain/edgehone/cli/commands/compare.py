"""`edgehone compare`: which of two files is faster, from interleaved pairs."""

import typer

from edgehone.cli import options
from edgehone.cli.options import measuring as own
from edgehone.cli.options.groups import Printing, Settings
from edgehone.cli.outcomes import EXIT_CODES


def command(
    context: typer.Context,
    a: own.First,
    b: own.Second,
    *,
    on: options.Devices = None,
    data: options.Data = None,
    pairs: own.Pairs = None,
    margin: own.Margin = 0.02,
    threads: options.Threads = None,
    settings: Settings,
    seed: options.Seed = 0,
    printing: Printing,
) -> None:
    """Tell which of two files is faster.

    Gives the ratio of p50 with its interval, and exit code 3 when the interval does not tell, or
    the device was throttled or contended. As many pairs are measured as it takes; of two files that
    are alike, 1 in 100 are called different.
    """
    from edgehone.actions.compare import Request, compare
    from edgehone.cli import effects
    from edgehone.cli.lost import exit_code
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.compare import show_all

    setting = settings.read()
    if data is None:
        effects.refuse_scaling(context)
    request = Request(a, b, tuple(on or ()), data, pairs, margin, threads=threads, seed=seed)
    with Bars() as bars:
        value = compare(request, setting, bars).document
    printing.emit(value, show_all)
    printing.report_lost(value)
    undecided = any(each["verdict"] == "inconclusive" for each in value["comparisons"])
    raise typer.Exit(exit_code(value, EXIT_CODES["inconclusive"] if undecided else 0))
