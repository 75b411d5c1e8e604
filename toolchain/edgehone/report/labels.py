"""Where labels of points in a chart go, so that none covers another or a point."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

CHARACTER_WIDTH = 5.6
"""Mean width in pixels of a character of 11-pixel sans-serif text, a little generous."""

LINE_HEIGHT = 13.0
GAP = 4.0

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Point:
    """A circle to be labelled; pixels, y downward. Higher `rank` chooses its place first."""

    x: float
    y: float
    radius: float
    text: str
    rank: int = 0


@dataclass(frozen=True)
class Label:
    """Where a label's text is anchored (vertically by its middle), and on which side of it."""

    x: float
    y: float
    align: Align


def place(
    points: Sequence[Point], width: float, height: float, lines: Sequence[Box] = ()
) -> list[Label | None]:
    """One label a point, inside width x height; None where there is no room left.

    Greedy: each point in order of rank takes the first free place around it, on a line (a thin
    box) only where no other is left.
    """
    circles = [(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points]
    taken: list[Box] = []
    found: list[Label | None] = [None] * len(points)
    for index in sorted(range(len(points)), key=lambda i: -points[i].rank):
        others = [*taken, *(circle for i, circle in enumerate(circles) if i != index)]
        room = (width, height)
        label = _free(points[index], [*others, *lines], room) or _free(points[index], others, room)
        if label is not None:
            found[index] = label
            taken.append(_box(label, points[index].text))
    return found


def thin_boxes(corners: Sequence[tuple[float, float]]) -> list[Box]:
    """A line through pixel corners as boxes that labels should keep off."""
    boxes = []
    for (x1, y1), (x2, y2) in pairwise(corners):
        count = max(1, int(min(abs(x2 - x1), abs(y2 - y1)) // 4))
        for step in range(count):
            a, b = step / count, (step + 1) / count
            xs = sorted((x1 + a * (x2 - x1), x1 + b * (x2 - x1)))
            ys = sorted((y1 + a * (y2 - y1), y1 + b * (y2 - y1)))
            boxes.append((xs[0] - 1, ys[0] - 1, xs[1] + 1, ys[1] + 1))
    return boxes


def _free(point: Point, others: Sequence[Box], room: tuple[float, float]) -> Label | None:
    for label in _places(point):
        box = _box(label, point.text)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= room[0] and box[3] <= room[1]
        if inside and not any(_overlap(box, other) for other in others):
            return label
    return None


def _places(point: Point) -> list[Label]:
    beside = point.radius + GAP
    above = point.radius + GAP + LINE_HEIGHT / 2
    diagonal = 0.75 * point.radius + GAP
    edge = point.radius
    return [
        Label(point.x + beside, point.y, "left"),
        Label(point.x - beside, point.y, "right"),
        Label(point.x, point.y - above, "center"),
        Label(point.x, point.y + above, "center"),
        Label(point.x + diagonal, point.y + diagonal, "left"),
        Label(point.x - diagonal, point.y - diagonal, "right"),
        Label(point.x + diagonal, point.y - diagonal, "left"),
        Label(point.x - diagonal, point.y + diagonal, "right"),
        Label(point.x + edge, point.y - above, "right"),
        Label(point.x - edge, point.y - above, "left"),
        Label(point.x + edge, point.y + above, "right"),
        Label(point.x - edge, point.y + above, "left"),
    ]


def _box(label: Label, text: str) -> Box:
    width = len(text) * CHARACTER_WIDTH
    left = label.x - {"left": 0.0, "center": 0.5, "right": 1.0}[label.align] * width
    return left, label.y - LINE_HEIGHT / 2, left + width, label.y + LINE_HEIGHT / 2


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
