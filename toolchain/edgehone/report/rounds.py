"""What each round of a search aimed at and kept, as a table."""

from edgehone.budgets import Check
from edgehone.documents.run.document import RunDocument
from edgehone.documents.run.rounds import RoundEntry
from edgehone.report import numbers
from edgehone.report.tables import Column, Table, from_columns

WORDS = {"pass": "kept", "fail": "missed", "inconclusive": "not proven"}


def rounds_table(document: RunDocument) -> Table:
    """What each round aimed at, what it kept, and what could not be made."""
    rounds = document.rounds
    metric = document.objective.metric if document.objective else ""
    return from_columns(
        [
            (Column("round"), [str(each.round) for each in rounds]),
            (Column("candidates"), [_count(each.candidates) for each in rounds]),
            (
                Column(f"aimed at {metric}"),
                [numbers.quantity(metric, each.target) for each in rounds],
            ),
            (
                Column("quality budgets on validation data", numeric=False),
                [_quality(each, document.metric) for each in rounds],
            ),
            (
                Column("could not be made, or was left out", numeric=False),
                [_missing(each) for each in rounds],
            ),
        ]
    )


def _missing(each: RoundEntry) -> str:
    """What there is no measurement of, and why."""
    refused = [f"{found.format}: {found.reason}" for found in each.refused]
    return "; ".join([*refused, *(f"{found.name}: {found.reason}" for found in each.left_out)])


def _count(candidates: int | None) -> str:
    return numbers.ABSENT if candidates is None else str(candidates)


def _quality(each: RoundEntry, scored: str) -> str:
    """What the validation split says of the quality budgets: each value, and how it was taken."""
    kept, checks = each.quality_kept, [item.check for item in each.quality]
    words = [_validated(check, scored) for check in checks]
    if not words and kept is not None:
        words = ["kept" if kept else "not proven"]
    if checks and kept:
        words.append("likely to be kept on the test data")
    if checks and kept is False and all(check.verdict != "fail" for check in checks):
        words.append("too near the limit to be confirmed on the test data")
    return "; ".join(words)


def _validated(check: Check, scored: str) -> str:
    metric = check.metric
    value = numbers.quantity(metric, check.value, scored)
    spread = f" ({numbers.interval(metric, check.ci95, scored)})" if check.ci95 else ""
    limit = numbers.quantity(metric, check.limit, scored)
    return f"{metric} {value}{spread}, {check.bound} {limit}: {WORDS[check.verdict]}"
