"""The chart of accuracy against cost: every model a bubble, the front, the budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from edgehone.report import numbers
from edgehone.report.axes import around
from edgehone.report.drawing import LIGHT
from edgehone.report.labels import CHARACTER_WIDTH, Box, Point, thin_boxes
from edgehone.report.marks import Frame, over, rank, role_colour, scale_of, texts, ticks
from edgehone.report.recipes import recipe_words
from edgehone.report.rows import CostKind, Row, cost_kind

WIDTH, HEIGHT = 860, 400
LARGEST_RADIUS = 15.0
"""Pixels of the largest bubble's radius."""

SMALLEST_RADIUS = 3.5


@dataclass(frozen=True)
class Limit:
    """A budget to draw as a line on the trade-off: on cost ("ms" or "count") or on the "metric"."""

    axis: str
    value: float
    text: str


def trade_off(rows: Sequence[Row], limits: Sequence[Limit] = ()) -> Any | None:
    """Accuracy against p50 latency or instructions, one bubble a model, its area the bytes on disk.

    Lines: the Pareto front of what was measured, and budgets. None when nothing has both.
    """
    kind = cost_kind(rows)
    known = [row for row in rows if row.cost(kind) is not None and row.accuracy is not None]
    if not known:
        return None
    return _TradeOff(known, limits).chart()


class _TradeOff:
    """Works out units, axes and labels once, then draws the layers."""

    def __init__(self, rows: Sequence[Row], limits: Sequence[Limit]) -> None:
        self.rows = rows
        self.share = numbers.kind_of(rows[0].metric) == "share"
        self.rising = rows[0].rising
        self.kind = cost_kind(rows)
        self.unit, self.scale = numbers.unit_for([row.cost(self.kind) for row in rows], self.kind)
        self.xs = [(row.cost(self.kind) or 0.0) / self.scale for row in rows]
        self.ys = [self._y(row.accuracy or 0.0) for row in rows]
        largest = max(row.size_bytes for row in rows)
        self.radii = [
            max(SMALLEST_RADIUS, LARGEST_RADIUS * (row.size_bytes / largest) ** 0.5) for row in rows
        ]
        on_x = [limit.value / self.scale for limit in limits if limit.axis == self.kind]
        on_y = [self._y(limit.value) for limit in limits if limit.axis == "metric"]
        self.x = around([*self.xs, *on_x], WIDTH, may_log=True)
        self.y = around([*self.ys, *on_y], HEIGHT)
        self.limits = limits

    def _y(self, value: float) -> float:
        return 100 * value if self.share else value

    def _down(self, y: float) -> float:
        """Pixels from the chart's top; better is always up."""
        return HEIGHT - self.y.pixel(y) if self.rising else self.y.pixel(y)

    def chart(self) -> Any:
        import altair as alt

        x = alt.X(
            "x:Q",
            title=cost_title(self.kind, self.unit),
            scale=scale_of(self.x),
            axis=alt.Axis(**ticks(self.x)),
        )
        metric = self.rows[0].metric
        y = alt.Y(
            "y:Q",
            title=f"{metric} on the test split" + (" (%)" if self.share else ""),
            scale=scale_of(self.y, reverse=not self.rising),
            axis=alt.Axis(tickCount=6),
        )
        layers = [
            *self._limit_layers(x, y),
            self._front(x, y),
            *self._intervals(x, y),
            self._bubbles(x, y),
            *self._label_layers(x, y),
        ]
        return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)

    def _bubbles(self, x: Any, y: Any) -> Any:
        import altair as alt

        values = [
            {"x": a, "y": b, "area": 3.1416 * r * r, "role": row.role, "tip": _tip(row, self.kind)}
            for a, b, r, row in zip(self.xs, self.ys, self.radii, self.rows, strict=True)
        ]
        return (
            over(sorted(values, key=lambda v: -float(str(v["area"]))))
            .mark_point(filled=True, opacity=0.78, stroke=LIGHT["paper"], strokeWidth=1)
            .encode(
                x=x,
                y=y,
                size=alt.Size("area:Q", scale=None, legend=None),
                color=role_colour(self.rows),
                description="tip:N",
            )
        )

    def _front(self, x: Any, y: Any) -> Any:

        corner = [{"x": a, "y": b} for a, b in pareto(self.xs, self.ys, rising=self.rising)]
        return (
            over(corner)
            .mark_line(interpolate="step-after", color=LIGHT["quiet"], strokeWidth=1.2, aria=False)
            .encode(x=x, y=y)
        )

    def _intervals(self, x: Any, y: Any) -> list[Any]:

        tall, wide = [], []
        for a, b, row in zip(self.xs, self.ys, self.rows, strict=True):
            scored = row.measurement.accuracy
            accuracy = scored.ci95 if scored else None
            latency = row.spread if self.kind == "ms" else None
            if accuracy:
                low, high = sorted(self._y(value) for value in accuracy)
                tall.append({"x": a, "y": max(low, self.y.low), "y2": min(high, self.y.high)})
            if latency:
                wide.append({"x": latency[0] / self.scale, "x2": latency[1] / self.scale, "y": b})
        style: dict[str, Any] = {"color": LIGHT["quiet"], "opacity": 0.45, "aria": False}
        return [
            over(tall).mark_rule(**style).encode(x=x, y=y, y2="y2:Q"),
            over(wide).mark_rule(**style).encode(x=x, y=y, x2="x2:Q"),
        ]

    def _limit_layers(self, x: Any, y: Any) -> list[Any]:
        rule: dict[str, Any] = {"color": LIGHT["limit"], "strokeDash": [5, 4], "aria": False}
        text: dict[str, Any] = {"color": LIGHT["limit"], "fontSize": 11, "aria": False}
        layers: list[Any] = []
        for limit in self.limits:
            if limit.axis == "metric":
                base = over([{"x": self.x.high, "y": self._y(limit.value), "text": limit.text}])
                layers.append(base.mark_rule(**rule).encode(y=y))
                words = base.mark_text(align="right", dx=-6, dy=-8, **text)
            else:
                at, top = limit.value / self.scale, self.y.high if self.rising else self.y.low
                base = over([{"x": at, "y": top, "text": limit.text}])
                layers.append(base.mark_rule(**rule).encode(x=x))
                side, dx = ("left", 6) if self.x.pixel(at) < WIDTH - 160 else ("right", -6)
                words = base.mark_text(align=side, dx=dx, dy=10, **text)
            layers.append(words.encode(x=x, y=y, text="text:N"))
        return layers

    def _label_layers(self, x: Any, y: Any) -> list[Any]:
        points = [
            Point(self.x.pixel(a), self._down(b), r, row.short, rank(row))
            for a, b, r, row in zip(self.xs, self.ys, self.radii, self.rows, strict=True)
        ]
        frame = Frame(self.x, self.y, rising=self.rising)
        return texts(points, frame, self._lines(), x, y)

    def _lines(self) -> list[Box]:
        """What labels keep off: the front with its corners, and the budgets with their words."""
        front = pareto(self.xs, self.ys, rising=self.rising)
        corners = [(self.x.pixel(a), self._down(b)) for a, b in front]
        steps = [
            corner for (x1, y1), (x2, y2) in pairwise(corners) for corner in ((x1, y1), (x2, y1))
        ]
        boxes = thin_boxes([*steps, *corners[-1:]])
        for limit in self.limits:
            long = len(limit.text) * CHARACTER_WIDTH + 10
            if limit.axis == "metric":
                at = self._down(self._y(limit.value))
                boxes += [(0, at - 1, WIDTH, at + 1), (WIDTH - long, at - 16, WIDTH, at)]
            else:
                at = self.x.pixel(limit.value / self.scale)
                boxes += [(at - 1, 0, at + 1, HEIGHT), (at - long, 0, at + long, 18)]
        return boxes


def pareto(
    costs: Sequence[float], gains: Sequence[float], *, rising: bool = True
) -> list[tuple[float, float]]:
    """Points that no other beats in both, by rising cost. Gains are better high, or low."""
    sign = 1.0 if rising else -1.0
    front: list[tuple[float, float]] = []
    for cost, gain in sorted(zip(costs, gains, strict=True), key=lambda p: (p[0], -sign * p[1])):
        if not front or sign * gain > sign * front[-1][1]:
            front.append((cost, gain))
    return front


def cost_title(kind: CostKind, unit: str) -> str:
    """What an axis of costs is called: "p50 latency (µs)", "instructions (M)"."""
    name = "p50 latency" if kind == "ms" else "instructions"
    return f"{name} ({unit})" if unit else name


def _tip(row: Row, kind: CostKind) -> str:
    cost = f"p50 {numbers.in_unit(row.p50_ms, 'ms')}"
    if kind == "count":
        cost = f"{numbers.quantity('instructions', row.instructions)} instructions"
    lines = [
        row.name,
        cost,
        f"{row.metric} {numbers.quantity(row.metric, row.accuracy)}",
        f"{numbers.in_unit(row.size_bytes, 'bytes')}, {row.measurement.artifact.precision}",
        recipe_words(row.candidate.recipe) if row.candidate else "",
    ]
    return "\n".join(line for line in lines if line)
