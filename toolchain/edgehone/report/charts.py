"""The charts of a run, as Altair charts of fixed size: the trade-off, predictions, latencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.report import numbers
from edgehone.report.axes import Axis, around
from edgehone.report.drawing import LIGHT
from edgehone.report.labels import CHARACTER_WIDTH, Box, Point, place, thin_boxes
from edgehone.report.rows import Row
from edgehone.values import Plain

WIDTH, HEIGHT = 860, 400
HALF_WIDTH, HALF_HEIGHT = 380, 300
SPREAD_WIDTH = 360
QUANTILES = (1, 25, 50, 75, 99)
ROW_HEIGHT = 30
LARGEST_RADIUS = 15.0
"""Pixels of the largest bubble's radius."""

SMALLEST_RADIUS = 3.5
ROLES = ("baseline", "candidate", "winner")


@dataclass(frozen=True)
class Limit:
    """A budget to draw as a line on the trade-off: on latency (ms) or on the task's metric."""

    axis: str
    value: float
    text: str


def trade_off(rows: Sequence[Row], limits: Sequence[Limit] = ()) -> Any | None:
    """Accuracy against p50 latency, one bubble a model, its area the bytes on disk.

    Lines: the Pareto front of what was measured, and budgets. None when nothing has both.
    """
    known = [row for row in rows if row.p50_ms is not None and row.accuracy is not None]
    if not known:
        return None
    return _TradeOff(known, limits).chart()


class _TradeOff:
    """Works out units, axes and labels once, then draws the layers."""

    def __init__(self, rows: Sequence[Row], limits: Sequence[Limit]) -> None:
        self.rows = rows
        self.share = numbers.kind_of(rows[0].metric) == "share"
        self.rising = rows[0].rising
        self.unit, self.scale = numbers.unit_for([row.p50_ms for row in rows], "ms")
        self.xs = [(row.p50_ms or 0.0) / self.scale for row in rows]
        self.ys = [self._y(row.accuracy or 0.0) for row in rows]
        largest = max(row.size_bytes for row in rows)
        self.radii = [
            max(SMALLEST_RADIUS, LARGEST_RADIUS * (row.size_bytes / largest) ** 0.5) for row in rows
        ]
        on_x = [limit.value / self.scale for limit in limits if limit.axis == "latency"]
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
            title=f"p50 latency ({self.unit})",
            scale=_scale(self.x),
            axis=alt.Axis(**_ticks(self.x)),
        )
        metric = self.rows[0].metric
        y = alt.Y(
            "y:Q",
            title=f"{metric} on the test split" + (" (%)" if self.share else ""),
            scale=_scale(self.y, reverse=not self.rising),
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
            {"x": a, "y": b, "area": 3.1416 * r * r, "role": row.role, "tip": _tip(row)}
            for a, b, r, row in zip(self.xs, self.ys, self.radii, self.rows, strict=True)
        ]
        return (
            alt.Chart(alt.Data(values=sorted(values, key=lambda v: -float(str(v["area"])))))
            .mark_point(filled=True, opacity=0.78, stroke=LIGHT["paper"], strokeWidth=1)
            .encode(
                x=x,
                y=y,
                size=alt.Size("area:Q", scale=None, legend=None),
                color=_role_colour(),
                description="tip:N",
            )
        )

    def _front(self, x: Any, y: Any) -> Any:
        import altair as alt

        corner = [{"x": a, "y": b} for a, b in pareto(self.xs, self.ys, rising=self.rising)]
        return (
            alt.Chart(alt.Data(values=corner))
            .mark_line(interpolate="step-after", color=LIGHT["quiet"], strokeWidth=1.2, aria=False)
            .encode(x=x, y=y)
        )

    def _intervals(self, x: Any, y: Any) -> list[Any]:
        import altair as alt

        tall, wide = [], []
        for a, b, row in zip(self.xs, self.ys, self.rows, strict=True):
            accuracy = row.measurement["accuracy"].get("ci95")
            latency = row.measurement["latency_ms"].get("ci95")
            if accuracy:
                low, high = sorted(self._y(value) for value in accuracy)
                tall.append({"x": a, "y": max(low, self.y.low), "y2": min(high, self.y.high)})
            if latency:
                wide.append({"x": latency[0] / self.scale, "x2": latency[1] / self.scale, "y": b})
        style = {"color": LIGHT["quiet"], "opacity": 0.45, "aria": False}
        return [
            alt.Chart(alt.Data(values=tall)).mark_rule(**style).encode(x=x, y=y, y2="y2:Q"),
            alt.Chart(alt.Data(values=wide)).mark_rule(**style).encode(x=x, y=y, x2="x2:Q"),
        ]

    def _limit_layers(self, x: Any, y: Any) -> list[Any]:
        import altair as alt

        layers: list[Any] = []
        for limit in self.limits:
            at = self._y(limit.value) if limit.axis == "metric" else limit.value / self.scale
            rule = {"color": LIGHT["limit"], "strokeDash": [5, 4], "aria": False}
            text = {"color": LIGHT["limit"], "fontSize": 11, "aria": False}
            if limit.axis == "metric":
                data = alt.Data(values=[{"x": self.x.high, "y": at, "text": limit.text}])
                layers.append(alt.Chart(data).mark_rule(**rule).encode(y=y))
                marks = alt.Chart(data).mark_text(align="right", dx=-6, dy=-8, **text)
            else:
                top = self.y.high if self.rising else self.y.low
                data = alt.Data(values=[{"x": at, "y": top, "text": limit.text}])
                layers.append(alt.Chart(data).mark_rule(**rule).encode(x=x))
                right = self.x.pixel(at) < WIDTH - 160
                marks = alt.Chart(data).mark_text(
                    align="left" if right else "right", dx=6 if right else -6, dy=10, **text
                )
            layers.append(marks.encode(x=x, y=y, text="text:N"))
        return layers

    def _label_layers(self, x: Any, y: Any) -> list[Any]:
        points = [
            Point(self.x.pixel(a), self._down(b), r, row.short, _rank(row))
            for a, b, r, row in zip(self.xs, self.ys, self.radii, self.rows, strict=True)
        ]
        frame = Frame(self.x, self.y, rising=self.rising)
        return _texts(points, frame, self._lines(), x, y)

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


def predicted(rows: Sequence[Row], what: str) -> Any | None:
    """Measured against predicted, one dot a candidate; the diagonal is a perfect prediction.

    what: "latency" or "size". None when no candidate has both numbers.
    """
    import altair as alt

    kind, key = (
        ("ms", "predicted_latency_ms") if what == "latency" else ("bytes", "predicted_size_bytes")
    )
    pairs = [
        (row, float(row.source[key]), float(measured))
        for row in rows
        if row.source.get(key) and (measured := row.p50_ms if kind == "ms" else row.size_bytes)
    ]
    if not pairs:
        return None
    unit, scale = numbers.unit_for([v for _, a, b in pairs for v in (a, b)], kind)
    span = [v / scale for _, a, b in pairs for v in (a, b)]
    x, y = around(span, HALF_WIDTH), around(span, HALF_HEIGHT)
    title = "p50 latency" if kind == "ms" else "size"
    along = alt.X("x:Q", title=f"predicted {title} ({unit})", scale=_scale(x))
    up = alt.Y("y:Q", title=f"measured {title} ({unit})", scale=_scale(y))
    ends = [{"x": edge, "y": edge} for edge in (x.low, x.high)]
    diagonal = (
        alt.Chart(alt.Data(values=ends))
        .mark_line(color=LIGHT["quiet"], strokeWidth=1, strokeDash=[4, 3], aria=False)
        .encode(x=along, y=up)
    )
    dots = [
        {"x": a / scale, "y": b / scale, "role": row.role, "tip": _prediction_tip(row, a, b, kind)}
        for row, a, b in pairs
    ]
    marks = (
        alt.Chart(alt.Data(values=dots))
        .mark_point(filled=True, size=70, opacity=0.9, stroke=LIGHT["paper"])
        .encode(x=along, y=up, color=_role_colour(legend=False), description="tip:N")
    )
    points = [
        Point(x.pixel(a / scale), HALF_HEIGHT - y.pixel(b / scale), 5, row.short, _rank(row))
        for row, a, b in pairs
    ]
    across = thin_boxes([(0.0, HALF_HEIGHT), (HALF_WIDTH, 0.0)])
    texts = _texts(points, Frame(x, y), across, along, up)
    return alt.layer(diagonal, marks, *texts).properties(width=HALF_WIDTH, height=HALF_HEIGHT)


def latencies(rows: Sequence[Row]) -> Any | None:
    """Raw latencies, one row a model: 1-99 % as a line, the middle half as a bar, the median of
    every block as a dot; once in time and once relative to the model's own median, in percent.
    None without raw samples."""
    import altair as alt

    known = [row for row in rows if row.blocks_ms]
    if not known:
        return None
    unit, scale = numbers.unit_for([row.p50_ms for row in known], "ms")
    absolute = _Spread(known, [scale] * len(known), 0.0, f"latency ({unit})", named=True)
    medians = [float(np.median(_samples(row))) for row in known]
    relative = _Spread(
        known, [m / 100 for m in medians], 100.0, "against its own median (%)", named=False
    )
    return alt.hconcat(absolute.chart(), relative.chart(), spacing=24)


class _Spread:
    """Quantile bars of several models along one axis: samples / scale - shift."""

    def __init__(
        self,
        rows: Sequence[Row],
        scales: Sequence[float],
        shift: float,
        title: str,
        *,
        named: bool,
    ) -> None:
        self.rows, self.title, self.named = rows, title, named
        self.bars: list[dict[str, Any]] = []
        self.dots: list[dict[str, Any]] = []
        for row, scale in zip(rows, scales, strict=True):
            found = np.percentile(_samples(row), QUANTILES) / scale - shift
            quantiles = {f"q{q}": float(v) for q, v in zip(QUANTILES, found, strict=True)}
            self.bars.append(
                {"name": row.short, "role": row.role, "tip": _latency_tip(row), **quantiles}
            )
            self.dots.extend(
                {"name": row.short, "median": float(np.median(block)) / scale - shift}
                for block in row.blocks_ms
            )
        ends = [bar[name] for bar in self.bars for name in ("q1", "q99")]
        self.axis = around(ends, SPREAD_WIDTH, may_log=named)

    def chart(self) -> Any:
        import altair as alt

        y = alt.Y("name:N", sort=[row.short for row in self.rows], title=None, axis=self._names())
        base = alt.Chart(alt.Data(values=self.bars))
        colour = _role_colour()
        medians = alt.Chart(alt.Data(values=self.dots))
        layers = [
            base.mark_rule(strokeWidth=1.5, opacity=0.6, aria=False).encode(
                x=self._x("q1"), x2="q99:Q", y=y, color=colour
            ),
            base.mark_bar(height=12, opacity=0.55, cornerRadius=2).encode(
                x=self._x("q25"), x2="q75:Q", y=y, color=colour, description="tip:N"
            ),
            base.mark_tick(height=18, thickness=2, color=LIGHT["text"], aria=False).encode(
                x=self._x("q50"), y=y
            ),
            medians.mark_point(
                filled=True, size=14, color=LIGHT["text"], opacity=0.75, yOffset=11, aria=False
            ).encode(x=self._x("median"), y=y),
        ]
        height = ROW_HEIGHT * len(self.rows)
        return alt.layer(*layers).properties(width=SPREAD_WIDTH, height=height)

    def _x(self, field: str) -> Any:
        import altair as alt

        axis = alt.Axis(**_ticks(self.axis))
        return alt.X(f"{field}:Q", title=self.title, scale=_scale(self.axis), axis=axis)

    def _names(self) -> Any:
        import altair as alt

        if not self.named:
            return alt.Axis(labels=False, ticks=False, domain=False)
        return alt.Axis(labelLimit=220, ticks=False, domain=False, labelColor=LIGHT["text"])


def _samples(row: Row) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(block, dtype=np.float64) for block in row.blocks_ms])


@dataclass(frozen=True)
class Frame:
    """A chart's two axes; y grows upward unless not `rising`."""

    x: Axis
    y: Axis
    rising: bool = True

    def y_at(self, down: float) -> float:
        """The y value `down` pixels below the top."""
        return self.y.value(self.y.length - down if self.rising else down)


def _texts(
    points: Sequence[Point], frame: Frame, lines: Sequence[Box], along: Any, up: Any
) -> list[Any]:
    import altair as alt

    placed = place(points, frame.x.length, frame.y.length, lines)
    layers = []
    for align in ("left", "center", "right"):
        values = [
            {"x": frame.x.value(label.x), "y": frame.y_at(label.y), "text": point.text}
            for point, label in zip(points, placed, strict=True)
            if label is not None and label.align == align
        ]
        if values:
            chart = alt.Chart(alt.Data(values=values))
            marks = chart.mark_text(align=align, baseline="middle", fontSize=11, aria=False)
            layers.append(marks.encode(x=along, y=up, text="text:N"))
    return layers


def _scale(axis: Axis, *, reverse: bool = False) -> Any:
    import altair as alt

    kind = "log" if axis.log else "linear"
    return alt.Scale(
        domain=[axis.low, axis.high], type=kind, zero=False, nice=False, reverse=reverse
    )


def _ticks(axis: Axis) -> dict[str, Any]:
    return {"values": axis.ticks(), "format": "~g"} if axis.log else {"tickCount": 6}


def _role_colour(*, legend: bool = True) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(ROLES), range=[LIGHT[role] for role in ROLES])
    return alt.Color("role:N", scale=scale, legend=alt.Legend(title=None) if legend else None)


def _rank(row: Row) -> int:
    return {"winner": 3, "baseline": 2, "candidate": 1}[row.role]


def _tip(row: Row) -> str:
    lines = [
        row.name,
        f"p50 {numbers.in_unit(row.p50_ms, 'ms')}",
        f"{row.metric} {numbers.quantity(row.metric, row.accuracy)}",
        f"{numbers.in_unit(row.size_bytes, 'bytes')}, {row.measurement['artifact']['precision']}",
        recipe_words(row.source.get("recipe")),
    ]
    return "\n".join(line for line in lines if line)


def _prediction_tip(row: Row, guess: float, measured: float, kind: str) -> str:
    error = numbers.percent(guess / measured - 1)
    return (
        f"{row.name}\npredicted {numbers.in_unit(guess, kind)}\n"
        f"measured {numbers.in_unit(measured, kind)}\nprediction off by {error}"
    )


def _latency_tip(row: Row) -> str:
    count = sum(len(block) for block in row.blocks_ms)
    spread = numbers.interval("latency_p50_ms", row.measurement["latency_ms"].get("ci95"))
    return f"{row.name}\nmedian {numbers.in_unit(row.p50_ms, 'ms')} ({spread})\n{count:,} samples"


def recipe_words(recipe: Plain | None) -> str:
    """A recipe on one line: prune_channels(ratio=0.5) → distill(epochs=6) → int8."""
    if not recipe:
        return ""
    steps = [_step_words(step) for step in recipe.get("steps", ())]
    bits = recipe.get("bits") or {}
    others = sorted(set((bits.get("layers") or {}).values()))
    precision = " + ".join([str(bits.get("default", "")), *others])
    return " → ".join([*steps, precision])


def _step_words(step: Plain) -> str:
    settings = ", ".join(
        f"{name}={_setting(value)}" for name, value in (step.get("settings") or {}).items()
    )
    return f"{step['technique']}({settings})"


def _setting(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict | list | tuple):
        return f"{len(value)} given" if len(value) > 1 else str(value)
    return str(value)
