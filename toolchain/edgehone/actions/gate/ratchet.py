"""`gate --ratchet`: limits tightened to what was measured plus a margin, in the budgets' file."""

from pathlib import Path
from typing import Any

from edgehone.actions.gate.judgement import Judgement
from edgehone.actions.gate.request import Request
from edgehone.config.rewriting import write_limits
from edgehone.decide.ratchet import tightened

MARGIN = 0.02
"""What is left between the measured value and the new limit, unless the user says otherwise."""


def ratchet(request: Request, found: Judgement, path: Path, margin: float) -> list[dict[str, Any]]:
    """Tighten the limits in `path` that the gate keeps with room to spare, and say which: [{"id",
    "metric", "bound", "from", "to", "measured", "margin"}]. Nothing is written unless the gate
    passes, and nothing is ever loosened. Raises ConfigError, StorageError.
    """
    if not found.passed:
        return []
    scored = next((m.accuracy.metric for m in found.measurements if m.accuracy), "accuracy")
    changes = tightened(request.budgets, found.checks, margin, scored)
    if changes:
        write_limits(path, changes)
    return [
        {
            "id": each.budget.id,
            "metric": each.budget.metric,
            "bound": each.budget.bound,
            "from": each.budget.limit,
            "to": each.limit,
            "measured": each.measured,
            "margin": margin,
        }
        for each in changes
    ]
