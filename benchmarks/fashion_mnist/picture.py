"""The picture: accuracy against latency, a colour a method, areas the bytes on disk."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from edgehone.report.drawing import LIGHT, png
from edgehone.report.marks import over
from edgehone.values import Plain

COLOURS = {
    "teacher": LIGHT["baseline"],
    "uniform width": LIGHT["limit"],
    "the loop": LIGHT["candidate"],
    "the loop's choice": LIGHT["winner"],
}
WIDTH, HEIGHT = 760, 420


def picture(rows: Sequence[Plain], winner: str) -> bytes:
    """A PNG of every contestant with its 95 % intervals; uniform widths joined by a line."""
    points = [_point(row, winner) for row in rows]
    x = alt.X(
        "x:Q",
        title="p50 latency (µs, logarithmic)",
        scale=alt.Scale(type="log", nice=False, padding=30),
        axis=alt.Axis(values=[10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 1000]),
    )
    y = alt.Y(
        "y:Q",
        title="accuracy on the test split (%)",
        scale=alt.Scale(zero=False, nice=False, padding=25),
    )
    methods = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    colour = alt.Color("method:N", scale=methods, legend=alt.Legend(title=None))
    size = alt.Size("bytes:Q", scale=alt.Scale(range=[30, 900]), legend=None)
    widths = [point for point in points if point["method"] == "uniform width"]
    rule: dict[str, Any] = {"color": LIGHT["quiet"], "opacity": 0.6}
    layers = [
        over(widths).mark_line(color=COLOURS["uniform width"], strokeDash=[5, 4]).encode(x=x, y=y),
        over(points).mark_rule(**rule).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        over(points).mark_rule(**rule).encode(x=alt.X("fast:Q"), x2="slow:Q", y=y),
        over(points).mark_point(filled=True, opacity=0.8).encode(x=x, y=y, color=colour, size=size),
        over(points).mark_text(dy=-17, fontSize=11).encode(x=x, y=y, text="name:N"),
    ]
    return png(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))


def _point(row: Plain, winner: str) -> dict[str, Any]:
    low, high = row["accuracy_ci95"]
    fast, slow = row["p50_ci95"]
    return {
        "name": row["name"],
        "method": "the loop's choice" if row["name"] == winner else row["method"],
        "bytes": row["size_bytes"],
        "x": 1000 * row["p50_ms"],
        "y": 100 * row["accuracy"],
        "low": 100 * low,
        "high": 100 * high,
        "fast": 1000 * fast,
        "slow": 1000 * slow,
    }
