"""The chart of measured against predicted numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.documents.run.candidate import Predicted
from edgehone.report import numbers
from edgehone.report.axes import around
from edgehone.report.drawing import LIGHT
from edgehone.report.labels import Point, thin_boxes
from edgehone.report.marks import Frame, over, rank, role_colour, scale_of, texts
from edgehone.report.rows import Row

WIDTH, HEIGHT = 380, 300


@dataclass(frozen=True)
class Quantity:
    """What is predicted: its kind of number, its prediction, and its measured value."""

    kind: str
    predicted: Callable[[Predicted], float | None]
    measured: Callable[[Row], float | None]


QUANTITIES: Mapping[str, Quantity] = {
    "latency": Quantity("ms", lambda found: found.latency_ms, lambda row: row.p50_ms),
    "instructions": Quantity(
        "count", lambda found: found.instructions, lambda row: row.instructions
    ),
    "size": Quantity("bytes", lambda found: found.size_bytes, lambda row: row.size_bytes),
}
"""By name."""


def pairs_of(rows: Sequence[Row], what: str) -> list[tuple[Row, float, float]]:
    """Candidates with a prediction of that quantity, the prediction, and what was measured."""
    quantity = QUANTITIES[what]
    found = []
    for row in rows:
        guess = quantity.predicted(row.candidate.predicted) if row.candidate else None
        measured = quantity.measured(row)
        if guess and measured:
            found.append((row, float(guess), float(measured)))
    return found


def predicted(rows: Sequence[Row], what: str) -> Any | None:
    """Measured against predicted, one dot a candidate; the diagonal is a perfect prediction.

    what: "latency", "instructions" or "size". None when no candidate has both numbers.
    """
    import altair as alt

    kind, pairs = QUANTITIES[what].kind, pairs_of(rows, what)
    if not pairs:
        return None
    unit, scale = numbers.unit_for([v for _, a, b in pairs for v in (a, b)], kind)
    span = [v / scale for _, a, b in pairs for v in (a, b)]
    x, y = around(span, WIDTH), around(span, HEIGHT)
    title = ("p50 latency" if what == "latency" else what) + (f" ({unit})" if unit else "")
    along = alt.X("x:Q", title=f"predicted {title}", scale=scale_of(x))
    up = alt.Y("y:Q", title=f"measured {title}", scale=scale_of(y))
    ends = [{"x": edge, "y": edge} for edge in (x.low, x.high)]
    diagonal = (
        over(ends)
        .mark_line(color=LIGHT["quiet"], strokeWidth=1, strokeDash=[4, 3], aria=False)
        .encode(x=along, y=up)
    )
    dots = [
        {"x": a / scale, "y": b / scale, "role": row.role, "tip": _prediction_tip(row, a, b, kind)}
        for row, a, b in pairs
    ]
    marks = (
        over(dots)
        .mark_point(filled=True, size=70, opacity=0.9, stroke=LIGHT["paper"])
        .encode(x=along, y=up, color=role_colour(rows, legend=False), description="tip:N")
    )
    points = [
        Point(x.pixel(a / scale), HEIGHT - y.pixel(b / scale), 5, row.short, rank(row))
        for row, a, b in pairs
    ]
    across = thin_boxes([(0.0, HEIGHT), (WIDTH, 0.0)])
    labels = texts(points, Frame(x, y), across, along, up)
    return alt.layer(diagonal, marks, *labels).properties(width=WIDTH, height=HEIGHT)


def _prediction_tip(row: Row, guess: float, measured: float, kind: str) -> str:
    error = numbers.percent(guess / measured - 1)
    return (
        f"{row.name}\npredicted {numbers.in_unit(guess, kind)}\n"
        f"measured {numbers.in_unit(measured, kind)}\nprediction off by {error}"
    )
