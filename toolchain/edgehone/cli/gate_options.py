"""Options of `edgehone gate`, and which of them have an effect on what is asked."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, effects

if TYPE_CHECKING:
    from edgehone.actions.gate import Request

On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="DEVICE",
        autocompletion=completing.devices,
        help="Measure there; may be repeated. Default: the devices that the budgets name, or "
        "local.",
    ),
]
Run = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="Check the winner of a run instead.",
        autocompletion=completing.runs,
    ),
]
Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="What accuracy_drop is counted from."),
]
Junit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write the checks as JUnit XML.")
]
Markdown = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write a Markdown summary.")
]
Calibrate = Annotated[
    int | None,
    typer.Option(
        "--calibrate",
        metavar="N",
        min=1,
        max=1000,
        help="Instead compare each file with itself N times: how often this device raises a false "
        "alarm, and the smallest change it can see.",
    ),
]

OF_DATA = ("data", "baseline", "scale", "offset")


def require_effects(
    context: typer.Context, request: "Request", *, calibrate: bool, of_run: bool
) -> None:
    """Refuse options that nothing would come of: UsageError."""
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
    if not any("baseline" in METRICS[metric].NEEDS for metric in asked):
        why = "where no budget is about accuracy_drop or agreement"
        effects.refuse(context, ("baseline",), why)
    quality = any(METRICS[metric].quality for metric in asked)
    if request.data is None and not (quality and request.setting.data):
        effects.refuse_scaling(context)
