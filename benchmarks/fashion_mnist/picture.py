"""The picture: accuracy against latency, a colour a method, areas the bytes on disk."""

from collections.abc import Sequence
from math import pi, sqrt
from typing import Any

import altair as alt

from edgehone.report.axes import around
from edgehone.report.drawing import LIGHT, png
from edgehone.report.labels import Point
from edgehone.report.marks import Frame, over, scale_of, texts, ticks
from edgehone.values import Plain

COLOURS = {
    "teacher": LIGHT["baseline"],
    "uniform width": LIGHT["limit"],
    "the loop": LIGHT["candidate"],
    "the loop's choice": LIGHT["winner"],
}
WIDTH, HEIGHT = 760, 420
LARGEST_RADIUS = 16.0
"""Pixels of the largest file's bubble."""


def picture(rows: Sequence[Plain], winner: str) -> bytes:
    """A PNG of every contestant with its 95 % intervals; widths of one precision joined."""
    largest = max(row["size_bytes"] for row in rows)
    points = [_point(row, winner, largest) for row in rows]
    frame = Frame(
        around([p[key] for p in points for key in ("fast", "slow")], WIDTH, may_log=True),
        around([p[key] for p in points for key in ("low", "high")], HEIGHT),
    )
    x = alt.X(
        "x:Q",
        title="p50 latency (µs)",
        scale=scale_of(frame.x),
        axis=alt.Axis(**ticks(frame.x)),
    )
    y = alt.Y("y:Q", title="accuracy on the test split (%)", scale=scale_of(frame.y))
    methods = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    colour = alt.Color("method:N", scale=methods, legend=alt.Legend(title=None))
    rule: dict[str, Any] = {"color": LIGHT["quiet"], "opacity": 0.5}
    bubbles = over(sorted(points, key=lambda p: -float(p["area"])))
    layers = [
        *_lines(points, x, y),
        over(points).mark_rule(**rule).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        over(points).mark_rule(**rule).encode(x=alt.X("fast:Q"), x2="slow:Q", y=y),
        bubbles.mark_point(filled=True, opacity=0.8).encode(
            x=x, y=y, color=colour, size=alt.Size("area:Q", scale=None, legend=None)
        ),
        *texts([_label(point, frame) for point in points], frame, [], x, y),
    ]
    return png(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))


def _point(row: Plain, winner: str, largest: int) -> dict[str, Any]:
    low, high = row["accuracy_ci95"]
    fast, slow = row["p50_ci95"]
    radius = LARGEST_RADIUS * sqrt(row["size_bytes"] / largest)
    return {
        "name": row["name"],
        "method": "the loop's choice" if row["name"] == winner else row["method"],
        "precision": row["precision"],
        "radius": radius,
        "area": pi * radius**2,
        "x": 1000 * row["p50_ms"],
        "y": 100 * row["accuracy"],
        "low": 100 * low,
        "high": 100 * high,
        "fast": 1000 * fast,
        "slow": 1000 * slow,
    }


def _lines(points: Sequence[Plain], x: Any, y: Any) -> list[Any]:
    """From the teacher through its narrower copies, one line a precision."""
    uniform = [p for p in points if p["method"] in ("teacher", "uniform width")]
    style: dict[str, Any] = {"color": COLOURS["uniform width"], "strokeDash": [5, 4]}
    return [
        over([p for p in uniform if p["precision"] == precision])
        .mark_line(opacity=0.6, **style)
        .encode(x=x, y=y, order="y:Q")
        for precision in sorted({p["precision"] for p in uniform})
    ]


def _label(point: Plain, frame: Frame) -> Point:
    down = HEIGHT - frame.y.pixel(point["y"])
    rank = 2 if point["method"].startswith("the loop") else 1
    return Point(frame.x.pixel(point["x"]), down, point["radius"], point["name"], rank)
