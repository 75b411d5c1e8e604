"""`edgehone gate`: budgets held against files or a run, for releases and CI."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgehone.cli import completing, options, output
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.errors import UsageError
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.actions.gate import Judgement, Request


def command(
    context: typer.Context,
    budgets: Annotated[
        Path, typer.Argument(metavar="BUDGETS.toml", help="[[budget]] tables, or a project file.")
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help=".tflite or .onnx files.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Check the winner of a run instead.",
            autocompletion=completing.runs,
        ),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on",
            metavar="DEVICE",
            autocompletion=completing.devices,
            help="Measure there; may be repeated. Default: the devices that the budgets name, "
            "or local.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="What accuracy_drop is counted from."),
    ] = None,
    data: options.Data = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the checks as JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write a Markdown summary.")
    ] = None,
    calibrate: Annotated[
        int | None,
        typer.Option(
            "--calibrate",
            metavar="N",
            min=1,
            max=1000,
            help="Instead compare each file with itself N times: how often this device raises a "
            "false alarm, and the smallest change it can see.",
        ),
    ] = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    folder: options.Folder = options.RUNS_FOLDER,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Check files, or the winner of a run, against budgets.

    Exit 0: pass, 1: fail, 3: inconclusive; where nothing failed, 4: a device was lost, 5: a file
    cannot be run. Only what the budgets ask about is measured; sizes need no device at all.
    """
    from edgehone.actions.gate import Request, judge, require_sensible
    from edgehone.actions.settings import Setting
    from edgehone.cli.lost import tell_lost
    from edgehone.cli.progress import Bars, remarks
    from edgehone.config import load_budgets
    from edgehone.report import summaries
    from edgehone.system.files import write_whole

    wishes = load_budgets(budgets)
    if bool(files) == bool(run):
        raise UsageError(
            "Neither files nor a run to check were given."
            if run is None
            else "Files and --run cannot both be given.",
            "Give one or more FILEs, or --run RUN.",
        )
    request = Request(
        Setting.read(project, (scale, offset), budgets, remarks),
        wishes,
        tuple(on or ()),
        baseline,
        data,
        folder,
        seed,
        str(budgets),
    )
    if run is None:
        require_sensible(request)
    _require_effects(context, request, calibrate=calibrate is not None, of_run=bool(run))
    if calibrate is not None:
        _calibrate(request, files, calibrate, as_json=as_json)
        return
    with Bars() as bars:
        found = judge(request, files or (), run, bars)
    value = document(found)
    if junit is not None:
        write_whole(junit, summaries.junit(value))
    if markdown is not None:
        write_whole(markdown, summaries.markdown(value))
    output.emit(value, _show, as_json=as_json)
    if as_json:
        tell_lost(value)
    raise typer.Exit(exit_of(value))


def exit_of(value: Plain) -> int:
    """The exit code of a gate's document: 0 only where every check passes and nothing was lost."""
    from edgehone.cli.lost import exit_code

    passed = value["decision"] == "pass" and bool(value["checks"])
    kept = passed and all(each["verdict"] == "pass" for each in value["checks"])
    if value["decision"] == "fail":
        return EXIT_CODES["fail"]
    return exit_code(value, EXIT_CODES["pass" if kept else "inconclusive"])


OF_DATA = ("data", "baseline", "scale", "offset")


def _require_effects(
    context: typer.Context, request: "Request", *, calibrate: bool, of_run: bool
) -> None:
    """Refuse options that nothing would come of: UsageError."""
    from edgehone.cli import effects
    from edgehone.decide.budget_metrics import METRICS

    asked = {budget.metric for budget in request.budgets}
    if calibrate:
        without = ("run", "junit", "markdown", *OF_DATA)
        effects.refuse(context, without, "with --calibrate, which compares times and decides none")
        return
    if of_run and not request.on:
        effects.refuse(
            context,
            (*OF_DATA, "seed", "project"),
            "with --run, whose own measurements are taken",
            "Leave it out, or have the run's file measured again with --on DEVICE.",
        )
        return
    if all(METRICS[metric].of_file for metric in asked):
        why = "where all budgets are about sizes, for which nothing is measured"
        effects.refuse(context, (*OF_DATA, "seed"), why)
    if not asked & {"accuracy_drop", "agreement"}:
        why = "where no budget is about accuracy_drop or agreement"
        effects.refuse(context, ("baseline",), why)
    quality = asked & {"accuracy", "accuracy_drop", "agreement"}
    if request.data is None and not (quality and request.setting.data):
        effects.refuse_scaling(context)


def _calibrate(
    request: "Request", files: list[Path] | None, comparisons: int, *, as_json: bool
) -> None:
    from edgehone.actions.calibrate import calibrate
    from edgehone.cli.lost import exit_code
    from edgehone.cli.progress import Bars

    if not files:
        raise UsageError("--calibrate needs a file to compare with itself.", "Give a FILE.")
    with Bars() as bars:
        value = calibrate(request, files, comparisons, bars)
    output.emit(value, _show_calibrations, as_json=as_json)
    raise typer.Exit(exit_code(value))


def _show_calibrations(value: Plain, console: "Console") -> None:
    """One sentence a file and device."""
    from edgehone.actions.calibrate import sentence
    from edgehone.cli.lost import show_lost

    for each in value["calibrations"]:
        console.print(sentence(each), soft_wrap=True, markup=False)
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", soft_wrap=True, markup=False)
    show_lost(value, console)


def document(found: "Judgement") -> dict[str, Any]:
    """The gate's document; every check names the file and the device it is about."""
    from edgehone.decide.decision import combine
    from edgehone.documents import check_json, measurement_json
    from edgehone.measure.fleet import lost_json

    return {
        "decision": combine(each.outcome for each in found.decisions),
        "checks": [
            {**check_json(check), "file": str(each.measurement.artifact.path)}
            for each in found.decisions
            for check in each.checks
        ],
        "measurements": [measurement_json(each) for each in found.measurements],
        "lost": lost_json(found.lost),
        "warnings": list(found.warnings),
    }


def _show(value: Plain, console: "Console") -> None:
    from edgehone.cli.lost import show_lost
    from edgehone.report.rows import judged_on
    from edgehone.report.summaries import cautions, checks_table, conclusion
    from edgehone.report.tables import COLOURS, print_table

    print_table(console, checks_table(value))
    if found := judged_on(value["measurements"]):
        console.print(f"{found}.", style="dim", markup=False)
    for line in cautions(value):
        console.print(line, style="yellow", markup=False)
    style = COLOURS[value["decision"]]
    console.print(conclusion(value), style=f"bold {style}")
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", markup=False, soft_wrap=True)
    show_lost(value, console)
