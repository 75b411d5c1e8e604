"""`edgehone gate --ratchet`: its margin, and the judgement that tells which limits it tightened."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgehone.errors import UsageError

if TYPE_CHECKING:
    from edgehone.actions.gate_request import Request
    from edgehone.actions.judgement import Judgement


def margin_of(text: str) -> float:
    """A share such as "2 %" or 0.02, from 0 to below 1. Raises UsageError."""
    from edgehone.config.quantities import quantity

    try:
        margin = quantity(text, "fraction")
    except ValueError as error:
        raise UsageError(f"--margin: {error}.", 'Give a share: --margin "2 %".') from error
    if not 0 <= margin < 1:
        raise UsageError(f"--margin {text} is out of range.", 'Give a share: --margin "2 %".')
    return margin


def ratcheted(request: "Request", found: "Judgement", budgets: Path, margin: float) -> "Judgement":
    """The judgement with what was tightened in the budgets' file."""
    from edgehone.actions.gate_ratchet import ratchet

    return replace(found, ratcheted=tuple(ratchet(request, found, budgets, margin)))
