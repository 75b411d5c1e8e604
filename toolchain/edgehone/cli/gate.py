"""`edgehone gate`: files or a run checked against budgets, for releases and CI."""

from pathlib import Path
from typing import Annotated

import typer

from edgehone.cli import gate_options, options, output
from edgehone.cli.gate_calibration import calibrate_files
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.values import Plain


def command(
    context: typer.Context,
    budgets: Annotated[
        Path, typer.Argument(metavar="BUDGETS.toml", help="[[budget]] tables, or a project file.")
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help=".tflite or .onnx files.")
    ] = None,
    run: gate_options.Run = None,
    on: gate_options.On = None,
    baseline: gate_options.Baseline = None,
    data: options.Data = None,
    junit: gate_options.Junit = None,
    markdown: gate_options.Markdown = None,
    calibrate: gate_options.Calibrate = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    folder: options.Folder = options.RUNS_FOLDER,
    seed: options.Seed = 0,
    wide: options.Wide = False,
    as_json: options.Json = False,
) -> None:
    """Check files, or the winner of a run, against budgets.

    Exit 0: pass, 1: fail, 3: inconclusive; where nothing failed, 4: a device was lost, 5: a file
    cannot be run. Only what the budgets ask about is measured; sizes need no device at all.
    """
    from edgehone.actions.gate import Request, judge, require_sensible, require_target
    from edgehone.actions.settings import Setting
    from edgehone.cli.lost import tell_lost
    from edgehone.cli.progress import Bars, remarks
    from edgehone.cli.show.gate import show
    from edgehone.config import load_budgets

    checked = load_budgets(budgets)
    require_target(files or (), run)
    setting = Setting.read(project, (scale, offset), budgets, remarks)
    request = Request(setting, checked, tuple(on or ()), baseline, data, folder, seed, str(budgets))
    if run is None:
        require_sensible(request)
    effects = {"calibrate": calibrate is not None, "of_run": bool(run)}
    gate_options.require_effects(context, request, **effects)
    if calibrate is not None:
        calibrate_files(request, files, calibrate, as_json=as_json)
        return
    with Bars() as bars:
        found = judge(request, files or (), run, bars)
    found.write(junit=junit, markdown=markdown)
    value = found.document
    output.emit(value, show, as_json=as_json, wide=wide)
    if as_json:
        tell_lost(value)
    raise typer.Exit(exit_of(value))


def exit_of(value: Plain) -> int:
    """The exit code of a gate's document: 0 only where every check passes and nothing was lost."""
    from edgehone.actions.gate import passes
    from edgehone.cli.lost import exit_code

    if value["decision"] == "fail":
        return EXIT_CODES["fail"]
    return exit_code(value, EXIT_CODES["pass" if passes(value) else "inconclusive"])
