"""From an Altair chart to SVG in the page's colours, or to a PNG; nothing comes from a network."""

import hashlib
import json
import re
from html import escape
from typing import Any

LIGHT = {
    "text": "#1c2126",
    "quiet": "#66707b",
    "line": "#d9dee4",
    "paper": "#fffffe",
    "baseline": "#7b8794",
    "candidate": "#2f6fdd",
    "winner": "#0a8f5b",
    "limit": "#c2410c",
}
"""Colours by role on white; in the page each becomes the CSS variable of its name."""

CONFIG: dict[str, Any] = {
    "background": None,
    "padding": {"left": 12, "right": 8, "top": 5, "bottom": 5},
    "font": "Helvetica, Arial, sans-serif",
    "view": {"stroke": LIGHT["line"]},
    "axis": {
        "labelColor": LIGHT["quiet"],
        "titleColor": LIGHT["text"],
        "gridColor": LIGHT["line"],
        "domainColor": LIGHT["line"],
        "tickColor": LIGHT["line"],
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "legend": {
        "labelColor": LIGHT["text"],
        "titleColor": LIGHT["quiet"],
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "orient": "top",
        "direction": "horizontal",
        "columnPadding": 14,
        "symbolStrokeColor": LIGHT["quiet"],
    },
    "text": {"fontSize": 11, "color": LIGHT["text"]},
}

_CLIP = re.compile(r"\bclip\d+\b(?=[\")])")
"""The name of what a drawing is cut by: in an id, or in url(#…)."""

_MARK = re.compile(r'<(path|text)((?: [\w-]+="[^"]*")*?) aria-label="([^"]*)"([^>]*?)(/>|>)')


def svg(chart: Any, name: str) -> str:
    """The chart as SVG whose colours are the page's CSS variables and whose marks have titles.

    name: what programs that read the page aloud call it.
    """
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(_specification(chart), vl_version="6.4")
    for role, colour in LIGHT.items():
        drawn = drawn.replace(f'"{colour}"', f'"var(--{role})"')
    named = _steady(drawn).replace("<svg ", f'<svg role="img" aria-label="{escape(name)}" ', 1)
    return _MARK.sub(_titled, named)


def png(chart: Any, *, scale: float = 2.0) -> bytes:
    """The chart as a PNG on white."""
    import vl_convert

    specification = {**json.loads(_specification(chart)), "background": "white"}
    data: bytes = vl_convert.vegalite_to_png(
        json.dumps(specification), vl_version="6.4", scale=scale
    )
    return data


def _steady(drawn: str) -> str:
    """The same chart drawn again is the same text: Vega numbers its clips on through a process."""
    order = list(dict.fromkeys(_CLIP.findall(drawn)))
    counted = _CLIP.sub(lambda match: f"clip{order.index(match[0])}", drawn)
    mark = hashlib.sha256(counted.encode()).hexdigest()[:8]  # a page has several charts
    return _CLIP.sub(lambda match: f"{match[0]}-{mark}", counted)


def _specification(chart: Any) -> str:
    return json.dumps({**chart.to_dict(), "config": CONFIG})


def _titled(match: re.Match[str]) -> str:
    """Vega leaves what it would show in a tooltip in aria-label; SVG's own is a title inside."""
    kind, before, label, after, end = match.groups()
    start = f'<{kind}{before} aria-label="{label}"{after}>'
    if end == "/>":
        return f"{start}<title>{label}</title></{kind}>"
    return f"{start}<title>{label}</title>"
