"""Options of `edgehone gate` that nothing would come of: wrong usage, not silence."""

from typing import TYPE_CHECKING

import typer

from edgehone.cli import effects

if TYPE_CHECKING:
    from edgehone.actions.gate_request import Request

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
