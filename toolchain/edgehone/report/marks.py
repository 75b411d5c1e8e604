"""What the charts share: scales, the roles' colours, labels that cover nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.report.axes import Axis
from edgehone.report.drawing import LIGHT
from edgehone.report.labels import Box, Point, place
from edgehone.report.rows import Row

ROLES = ("baseline", "candidate", "winner")


def over(values: Sequence[Any]) -> Any:
    """A chart over rows of plain data, which is written into it."""
    import altair as alt

    data: Any = alt.Data  # its constructor is untyped
    return alt.Chart(data(values=list(values)))


@dataclass(frozen=True)
class Frame:
    """A chart's two axes; y grows upward unless not `rising`."""

    x: Axis
    y: Axis
    rising: bool = True

    def y_at(self, down: float) -> float:
        """The y value `down` pixels below the top."""
        return self.y.value(self.y.length - down if self.rising else down)


def texts(
    points: Sequence[Point], frame: Frame, lines: Sequence[Box], along: Any, up: Any
) -> list[Any]:
    """Layers with the points' labels, as far as there is room, off `lines` where possible.

    along, up: the encodings of x and y that the points themselves are drawn with.
    """
    placed = place(points, frame.x.length, frame.y.length, lines)
    layers = []
    for align in ("left", "center", "right"):
        values = [
            {"x": frame.x.value(label.x), "y": frame.y_at(label.y), "text": point.text}
            for point, label in zip(points, placed, strict=True)
            if label is not None and label.align == align
        ]
        if values:
            chart = over(values)
            marks = chart.mark_text(align=align, baseline="middle", fontSize=11, aria=False)
            layers.append(marks.encode(x=along, y=up, text="text:N"))
    return layers


def scale_of(axis: Axis, *, reverse: bool = False) -> Any:
    """The Altair scale of an axis, whose ends stay where they are."""
    import altair as alt

    kind: Any = "log" if axis.log else "linear"
    return alt.Scale(
        domain=[axis.low, axis.high], type=kind, zero=False, nice=False, reverse=reverse
    )


def ticks(axis: Axis) -> dict[str, Any]:
    """Arguments of the Altair axis: which ticks, and how their numbers are written."""
    return {"values": axis.ticks(), "format": "~g"} if axis.log else {"tickCount": 6}


def role_colour(rows: Sequence[Row], *, legend: bool = True) -> Any:
    """The colour encoding of those of baselines, candidates and the winner that there are."""
    import altair as alt

    roles = [role for role in ROLES if any(row.role == role for row in rows)]
    scale = alt.Scale(domain=roles, range=[LIGHT[role] for role in roles])
    return alt.Color("role:N", scale=scale, legend=alt.Legend(title=None) if legend else None)


def rank(row: Row) -> int:
    """Whose label matters most."""
    return {"winner": 3, "baseline": 2, "candidate": 1}[row.role]
