"""The pictures: what is lost against what it costs, a curve a contestant, for each data set."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import altair as alt
from curve import Point, front

from edgehone.report.drawing import CONFIG

COLOURS = ("#0a8f5b", "#c2410c", "#2f6fdd", "#7c3aed", "#b45309", "#0e7490", "#7b8794", "#be185d")
WIDTH, HEIGHT = 420, 300
LOST = 12.0
"""Points of accuracy that the picture goes down to."""


def picture(curves: Sequence[Sequence[Point]], names: Sequence[str], title: str) -> str:
    """An SVG of two charts, bytes and latency, the files of all seeds and each contestant's front.

    names: the contestants shown, in the order of their colours.
    """
    charts = [
        _chart(curves, names, "latency_ms", 1000.0, "p50 latency (µs)"),
        _chart(curves, names, "size_bytes", 1 / 1024, "size (KiB)"),
    ]
    whole = alt.hconcat(*charts, title=title).configure(**{**CONFIG, "background": "#ffffff"})
    import vl_convert

    return str(vl_convert.vegalite_to_svg(whole.to_dict(), vl_version="6.4"))


def _chart(
    curves: Sequence[Sequence[Point]], names: Sequence[str], quantity: str, unit: float, title: str
) -> Any:
    rows = [
        {
            "contestant": point.contestant,
            "file": point.file,
            "x": unit * (point.cost(quantity) or 0.0),
            "drop": 100 * point.drop,
        }
        for curve in curves
        for point in curve
        if point.contestant in names and 100 * point.drop <= LOST
    ]
    lines = [
        {"contestant": name, "seed": seed, "x": unit * cost, "drop": 100 * drop}
        for name in names
        for seed, curve in enumerate(curves)
        for cost, drop in front([p for p in curve if p.contestant == name], quantity)
        if 100 * drop <= LOST
    ]
    x = alt.X("x:Q", title=title, scale=alt.Scale(type="log", nice=False))
    y = alt.Y("drop:Q", title="accuracy lost (points)", scale=alt.Scale(reverse=True))
    scale = alt.Scale(
        domain=list(names), range=[COLOURS[n % len(COLOURS)] for n in range(len(names))]
    )
    legend = alt.Legend(title=None, columns=4)
    colour = alt.Color("contestant:N", scale=scale, legend=legend)
    dots = alt.Chart(alt.InlineData(values=rows)).mark_point(filled=True, size=28, opacity=0.55)
    steps = alt.Chart(alt.InlineData(values=lines)).mark_line(strokeWidth=1.5, opacity=0.8)
    layers = [
        dots.encode(x=x, y=y, color=colour, tooltip=["contestant:N", "file:N"]),
        steps.encode(x=x, y=y, color=colour, detail="seed:N"),
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def spread(values: Sequence[float], pattern: str) -> str:
    """The mean, and the least and largest of several seeds."""
    mean = pattern.format(fmean(values))
    if len(values) < 2:
        return mean
    return f"{mean} ({pattern.format(min(values))} to {pattern.format(max(values))})"
