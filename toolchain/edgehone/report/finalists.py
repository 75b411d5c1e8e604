"""Candidates that were trained on once the search had ended, in words and as a table."""

from edgehone.documents.run.document import RunDocument
from edgehone.report import numbers
from edgehone.report.tables import Column, Table, from_columns


def finalists_sentence(document: RunDocument) -> str:
    """What became of each candidate that was trained on, by its first format; "": there is none."""
    if not document.finalists:
        return ""
    form = document.finalists[0].format
    rows = [each for each in document.finalists if each.format == form]
    parts = []
    for origin in dict.fromkeys(each.origin for each in rows):
        kept = next((each for each in rows if each.origin == origin and each.kept), None)
        if kept is None:
            parts.append(f"{origin} stays, as further training gained nothing")
            continue
        before, after = (_score(document, value) for value in (kept.before, kept.after))
        parts.append(
            f"{kept.name} takes the place of {origin} ({document.metric} {after} instead of "
            f"{before} on validation data)"
        )
    return f"Trained on: {'; '.join(parts)}."


def finalists_table(document: RunDocument) -> Table:
    """One file a row; those that are the best of their network are marked."""
    found, metric = document.finalists, document.metric
    return from_columns(
        [
            (Column("candidate", numeric=False), [each.name for each in found]),
            (Column("goes on from", numeric=False), [each.origin for each in found]),
            (Column("format", numeric=False), [each.format for each in found]),
            (Column("further epochs"), [str(each.epochs) for each in found]),
            (
                Column("trained with rounding", numeric=False),
                ["yes" if each.quantize_aware else "no" for each in found],
            ),
            (Column(f"{metric} before"), [_score(document, each.before) for each in found]),
            (Column(f"{metric} after"), [_score(document, each.after) for each in found]),
            (
                Column("outcome", numeric=False),
                ["kept" if each.kept else "another is better" for each in found],
            ),
        ],
        [row for row, each in enumerate(found) if each.kept],
    )


def _score(document: RunDocument, value: float | None) -> str:
    return numbers.quantity("accuracy", value, document.metric)
