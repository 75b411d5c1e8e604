"""What was predicted of candidates beside what was measured, as a table."""

from collections.abc import Sequence

from edgehone.report import numbers
from edgehone.report.predictions import pairs_of
from edgehone.report.rows import Row, cost_kind
from edgehone.report.tables import Column, Table, from_columns

COSTS = {"ms": "latency", "count": "instructions"}
"""What a kind of cost is called."""


def predictions_table(rows: Sequence[Row]) -> Table:
    """Predicted and measured side by side, and how far off the prediction was."""
    kind = cost_kind(rows)
    pairs = pairs_of(rows, COSTS[kind])
    made = [(row, row.candidate.predicted) for row, _, _ in pairs if row.candidate]
    half = len(made)
    unit, costs = numbers.column([*(p for _, p, _ in pairs), *(m for _, _, m in pairs)], kind)
    guesses = [guess.size_bytes for _, guess in made]
    sizes = [float(row.size_bytes) for row, _ in made]
    size_unit, both = numbers.column([*guesses, *sizes], "bytes")
    return from_columns(
        [
            (Column("candidate", numeric=False), [row.name for row, _ in made]),
            (Column(f"{COSTS[kind]} predicted", unit), costs[:half]),
            (Column("measured", unit), costs[half:]),
            (Column("off by"), [_off(guess, measured) for _, guess, measured in pairs]),
            (Column("size predicted", size_unit), both[:half]),
            (Column("measured", size_unit), both[half:]),
            (Column("off by"), [_off(*pair) for pair in zip(guesses, sizes, strict=True)]),
            (Column("drop predicted"), [_drop(guess.accuracy_drop, row) for row, guess in made]),
            (Column("measured"), [_drop(row.drop, row) for row, _ in made]),
        ],
        [n for n, (row, _) in enumerate(made) if row.leading],
    )


def _drop(drop: float | None, row: Row) -> str:
    if drop is None:
        return numbers.ABSENT
    if numbers.kind_of(row.metric) == "share":
        return numbers.points(drop)
    return numbers.figures(drop)


def _off(guess: float | None, measured: float | None) -> str:
    if not guess or not measured:
        return numbers.ABSENT
    return f"{numbers.signed(100 * (guess / measured - 1), 1, plus=True)} %"
