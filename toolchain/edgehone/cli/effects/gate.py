"""Options of `edgehone gate` that nothing would come of: wrong usage, not silence."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgehone.cli import effects

if TYPE_CHECKING:
    from edgehone.actions.gate.request import Request
    from edgehone.cli.options.gate import Outputs

OF_DATA = ("data", "baseline", "scale", "offset")
WRITTEN = ("junit", "markdown", "sarif", "summary")
MANNER = ("fresh", "complete", "files_only", "why")


def require_effects(
    context: typer.Context, request: "Request", *, calibrate: bool, of_run: bool
) -> None:
    """Refuse options that nothing would come of: UsageError."""
    from edgehone.actions.gate.request import needs_baseline
    from edgehone.decide.budget_metrics import METRICS

    asked = {budget.metric for budget in request.budgets}
    compared = request.why or any(map(needs_baseline, request.budgets)) or _is_release(request)
    if not effects.given(context, "ratchet"):
        effects.refuse(context, ("margin",), "without --ratchet")
    if calibrate:
        without = ("run", *WRITTEN, *MANNER, "ratchet", *OF_DATA)
        effects.refuse(context, without, "with --calibrate, which compares times and decides none")
        return
    if of_run and not request.on:
        of_data = [name for name in OF_DATA if name != "baseline" or not compared]
        effects.refuse(
            context,
            (*of_data, *MANNER, "seed", "project"),
            "with --run, whose own measurements are taken",
            "Leave it out, or have the run's file measured again with --on DEVICE.",
        )
        return
    if request.files_only:
        unused = (*(name for name in OF_DATA if name != "baseline"), "on", "fresh", "complete")
        effects.refuse(context, unused, "with --files-only, for which nothing is measured")
        asked = {metric for metric in asked if METRICS[metric].static}
    if all(METRICS[metric].static for metric in asked):
        sizes = all(METRICS[metric].of_file for metric in asked)
        about = "sizes" if sizes else "what is in the files"
        why = f"where all budgets are about {about}, for which nothing is measured"
        unused = tuple(name for name in OF_DATA if name != "baseline" or not compared)
        effects.refuse(context, (*unused, "seed", "fresh", "complete"), why)
    if not compared:
        why = "where no budget is about accuracy_drop or agreement, or relative to the baseline"
        effects.refuse(context, ("baseline",), why, "Leave it out, or add --why to compare layers.")
    if request.baseline is None and not of_run:
        effects.refuse(context, ("why",), "without --baseline", "Add --baseline FILE.")
    quality = any(METRICS[metric].quality for metric in asked)
    if request.data is None and not (quality and request.setting.data):
        effects.refuse_scaling(context)


def _is_release(request: "Request") -> bool:
    """Whether the baseline is more than a file: its inputs and outputs are always compared."""
    if request.baseline is None:
        return False
    from edgehone.actions.gate.baseline import names_a_file  # loads the store

    return not names_a_file(request.baseline)


def require_places(
    outputs: "Outputs", budgets: Path, files: Sequence[Path], request: "Request"
) -> None:
    """Refuse to write the checks over what they are made of, or over each other: UsageError; and
    where nothing can be written: StorageError.
    """
    from edgehone.system.apart import require_apart
    from edgehone.system.files import require_writable

    written = [place for place in vars(outputs).values() if place is not None]
    data = None if request.data is None else Path(request.data)
    read = [budgets, *files, request.baseline, data, request.folder / "store.sqlite"]
    require_apart(written, read, "Give every file that is written a name of its own.")
    for place in written:
        require_writable(place.absolute().parent)
