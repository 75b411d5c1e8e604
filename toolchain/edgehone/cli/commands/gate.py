"""`edgehone gate`: files or a run checked against budgets, for releases and CI."""

from dataclasses import replace

import typer

from edgehone.cli.commands.gate_calibration import calibrate_files
from edgehone.cli.effects.gate import require_effects, require_places
from edgehone.cli.options import gate as own
from edgehone.cli.options.groups import Printing, Settings
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.values import Plain


def command(
    context: typer.Context,
    budgets: own.Budgets,
    files: own.Files = None,
    *,
    subject: own.Subject,
    outputs: own.Outputs,
    manner: own.Manner,
    tightening: own.Tightening,
    calibrate: own.Calibrate = None,
    settings: Settings,
    printing: Printing,
) -> None:
    """Check files, or the winner of a run, against budgets.

    First what is in the files, which needs no device, then what devices measure. Exit 0: pass, 1:
    fail, 3: inconclusive; where nothing failed, 4: a device was lost, 5: a file cannot be run.
    """
    from edgehone.actions.gate.judging import judge
    from edgehone.actions.gate.ratchet import ratchet
    from edgehone.actions.gate.request import require_sensible, require_target
    from edgehone.cli.progress import Bars
    from edgehone.cli.show.gate import show
    from edgehone.config import load_budgets

    load_budgets(budgets)  # what is wrong there is reported first
    require_target(files or (), subject.run)
    margin = tightening.room()
    request = subject.request(budgets, settings.read(budgets), manner)
    if subject.run is None:
        require_sensible(request)
    require_effects(context, request, calibrate=calibrate is not None, of_run=bool(subject.run))
    require_places(outputs, budgets, files or (), request)
    if calibrate is not None:
        calibrate_files(request, files, calibrate, printing)
        return
    with Bars() as bars:
        found = judge(request, files or (), subject.run, bars)
    if tightening.ratchet:
        tightened = ratchet(request, found, budgets, margin)
        found = replace(found, ratcheted=tuple(tightened))
    found.write(**vars(outputs))
    printing.emit(found.document, show)
    printing.report_lost(found.document)
    raise typer.Exit(exit_of(found.document))


def exit_of(value: Plain) -> int:
    """The exit code of a gate's document: 0 only where every check passes and nothing was lost."""
    from edgehone.actions.gate.judgement import passes
    from edgehone.cli.lost import exit_code

    if value["decision"] == "fail":
        return EXIT_CODES["fail"]
    return exit_code(value, EXIT_CODES["pass" if passes(value) else "inconclusive"])
