"""Options of `edgehone export` that nothing would come of: wrong usage, not silence."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgehone import precisions
from edgehone.cli import effects

if TYPE_CHECKING:
    from edgehone.actions.export.making import Request


def require_effects(context: typer.Context, order: "Request") -> None:
    """Refuse options that nothing would come of: UsageError."""
    from edgehone import formats

    if order.calibration is None:
        why, hint = "without data", "Give data with --calibration, or leave it out."
        effects.refuse(context, ("samples", "scale", "offset"), why, hint)
    if not order.bits.float_worst:
        effects.refuse(context, ("worst_as",), "without --float-worst")
    if not set(order.precisions) & set(precisions.static()):
        why = f"on {', '.join(order.precisions)}, which has no ranges of activations"
        effects.refuse(context, ("percentile", "symmetric"), why)
    if not set(order.precisions) & set(precisions.integer_weights()):
        why = f"on {', '.join(order.precisions)}, where nothing is quantized to integers"
        effects.refuse(context, ("algorithm", "block", "io", "float_worst"), why)
    if formats.of_suffix(Path(order.model)):
        effects.refuse(context, ("trust", "custom"), "on a finished file, which has no code")
