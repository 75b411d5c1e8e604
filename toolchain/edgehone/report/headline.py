"""What came out of a run, in one sentence."""

from collections.abc import Sequence

from edgehone.budgets import Check
from edgehone.documents.run.document import RunDocument
from edgehone.report import numbers
from edgehone.report.claims import claims, listed, same_file
from edgehone.report.rows import Row

SIGNS = {"max": "≤", "min": "≥"}


def winner_among(rows: Sequence[Row]) -> Row | None:
    """The row that won; None: no budgets are proven to be kept by any."""
    return next((row for row in rows if row.role == "winner"), None)


def headline(document: RunDocument, rows: Sequence[Row]) -> str:
    """What came out, in a sentence or two; `claims` has the winner's numbers."""
    device = ", ".join(each.name for each in document.devices)
    baseline, winner = rows[0], winner_among(rows)
    if winner is not None:
        kept = f"{winner.name} keeps every budget on {device}."
        if same_file(baseline, winner):
            return (
                f"{kept} It is the model as it was: no candidate that keeps the budgets is better."
            )
        if winner.candidate is None:
            return (
                f"{kept} It is the teacher, converted and no more: no candidate that keeps the "
                f"budgets is better. Against {baseline.name} it is:"
            )
        return f"{kept} Against {baseline.name} it is:"
    if document.decision == "inconclusive":
        return _inconclusive(document, device)
    stopping = [
        f"{numbers.named(bound.metric, document.metric)} "
        f"({numbers.quantity(bound.metric, bound.limit, document.metric)})"
        for bound in document.binding
    ]
    because = f" What stops them: {', '.join(stopping)}." if stopping else ""
    return f"No candidate keeps every budget on {device}.{because}"


def sentence(document: RunDocument, rows: Sequence[Row]) -> str:
    """The result with its numbers, for a terminal."""
    text, winner = headline(document, rows), winner_among(rows)
    speedup = document.winner.speedup if document.winner else None
    found = claims(rows[0], winner, speedup) if winner else []
    return f"{text} {listed(found)}." if found else text


def check_words(check: Check, scored: str) -> str:
    """One check in words: accuracy_drop ≤ 1 point: 0.33 points, and the 95 % interval …."""
    metric = check.metric
    limit = f"{SIGNS[check.bound]} {numbers.quantity(metric, check.limit, scored)}"
    value = f"{numbers.quantity(metric, check.value, scored)}, and "
    known = value if check.value is not None else ""
    return f"{numbers.named(metric, scored)} {limit}: {known}{check.reason}"


def _inconclusive(document: RunDocument, device: str) -> str:
    """Which candidate may keep the budgets, and why that is not proven."""
    unproven = document.best_unproven
    if unproven is None:
        return f"Inconclusive on {device}: no budget is missed, and not all are proven to be kept."
    checks = unproven.decision.checks if unproven.decision else ()
    several = len({check.device for check in checks}) > 1
    reasons = [
        check_words(check, document.metric) + (f" on {check.device}" if several else "")
        for check in checks
        if check.verdict == "inconclusive"
    ]
    why = f" {'; '.join(reasons)}." if reasons else ""
    return (
        f"Inconclusive on {device}: {unproven.name} may keep every budget, but that is not "
        f"proven.{why}"
    )
