"""The chart of raw latencies: how they spread, within a process and between processes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.report import numbers
from edgehone.report.axes import around
from edgehone.report.drawing import LIGHT
from edgehone.report.marks import over, role_colour, scale_of, ticks
from edgehone.report.rows import Row

WIDTH = 360
ROW_HEIGHT = 30
LEAST_REACH = 10.0
"""Percent above the median that the relative axis shows at least, where there is anything."""

QUANTILES = (1, 25, 50, 75, 99)


def latencies(rows: Sequence[Row]) -> Any | None:
    """Raw latencies, one row a model: 1-99 % as a line, the middle half as a bar, the median of
    every block as a dot; once in time and once relative to the model's own median, in percent.
    None without raw samples.
    """
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
        self.axis = around(self._ends(), WIDTH, may_log=named)

    def _ends(self) -> list[float]:
        """What the axis must reach: in time everything, else the bars and dots and as much again,
        so that a rare outlier does not press all else together.
        """
        if self.named:
            return [bar[name] for bar in self.bars for name in ("q1", "q99")]
        core = [bar[name] for bar in self.bars for name in ("q25", "q75")]
        reach = 2 * max(abs(value) for value in (*core, *(dot["median"] for dot in self.dots)))
        tails = [bar[name] for bar in self.bars for name in ("q1", "q99")]
        return [max(min(tails), -reach), min(max(tails), max(reach, LEAST_REACH))]

    def chart(self) -> Any:
        import altair as alt

        y = alt.Y("name:N", sort=[row.short for row in self.rows], title=None, axis=self._names())
        base = over(self.bars)
        colour = role_colour(self.rows)
        medians = over(self.dots)
        layers = [
            base.mark_rule(clip=True, strokeWidth=1.5, opacity=0.6, aria=False).encode(
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
        return alt.layer(*layers).properties(width=WIDTH, height=height)

    def _x(self, field: str) -> Any:
        import altair as alt

        axis = alt.Axis(**ticks(self.axis))
        return alt.X(f"{field}:Q", title=self.title, scale=scale_of(self.axis), axis=axis)

    def _names(self) -> Any:
        import altair as alt

        if not self.named:
            return alt.Axis(labels=False, ticks=False, domain=False)
        return alt.Axis(labelLimit=220, ticks=False, domain=False, labelColor=LIGHT["text"])


def _samples(row: Row) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(block, dtype=np.float64) for block in row.blocks_ms])


def _latency_tip(row: Row) -> str:
    count = sum(len(block) for block in row.blocks_ms)
    spread = numbers.interval("latency_p50_ms", row.spread)
    return f"{row.name}\nmedian {numbers.in_unit(row.p50_ms, 'ms')} ({spread})\n{count:,} samples"
