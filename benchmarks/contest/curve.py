"""The curves of the contestants: every file as it was measured, and which one a budget gets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from arena import TEACHER
from rows import FileRow, MeasuredRow, Row

Place = tuple[str, int]


@dataclass(frozen=True)
class Point:
    """A file. validation_drop: what was lost against the float teacher on the validation split, and
    drop: on the test split, fractions; instructions: by emulated processor.
    """

    contestant: str
    file: str
    validation_drop: float
    drop: float
    latency_ms: float
    size_bytes: float
    compressed_bytes: float
    instructions: dict[str, int]

    def cost(self, quantity: str) -> float | None:
        """What it costs: "latency_ms", "size_bytes", "compressed_bytes", or the instructions of a
        processor by its name; None: not known.
        """
        if hasattr(self, quantity):
            return float(getattr(self, quantity))
        found = self.instructions.get(quantity)
        return None if found is None else float(found)


def points(rows: Iterable[Row], place: Place) -> list[Point]:
    """Every file of a data set and seed that was timed; a contestant's equal files once."""
    here = [row for row in rows if row.place == place]
    files = [row for row in here if isinstance(row, FileRow) and row.sha256]
    measured = [row for row in here if isinstance(row, MeasuredRow)]
    timed = {row.sha256: row for row in measured if row.p50_ms is not None}
    counted: dict[str, dict[str, int]] = {}
    for row in measured:
        if row.instructions is not None:
            counted.setdefault(row.sha256, {})[row.device] = row.instructions
    whole = [row for row in files if row.contestant == TEACHER and row.precision == "float32"]
    if not whole or whole[0].sha256 not in timed:
        return []
    start, best = whole[0].validation, timed[whole[0].sha256].accuracy
    once = {(row.contestant, row.sha256): row for row in files if row.sha256 in timed}
    return [
        Point(
            row.contestant,
            row.file,
            start - row.validation,
            best - timed[row.sha256].accuracy,
            float(timed[row.sha256].p50_ms or 0.0),
            row.size_bytes,
            row.compressed_bytes,
            counted.get(row.sha256, {}),
        )
        for row in once.values()
    ]


def chosen(several: Iterable[Point], budget: float, quantity: str) -> Point | None:
    """The file that costs least of those that keep a budget on the validation split; None: none
    does. The test split has no say in it.
    """
    able = [
        point
        for point in several
        if point.validation_drop <= budget + 1e-9 and point.cost(quantity) is not None
    ]
    return min(able, key=lambda point: (point.cost(quantity), point.validation_drop), default=None)


def front(several: Sequence[Point], quantity: str) -> list[tuple[float, float]]:
    """(cost, drop on the test split) of the files that none beats in both, the cheapest first."""
    pairs = sorted(
        (cost, point.drop) for point in several if (cost := point.cost(quantity)) is not None
    )
    kept: list[tuple[float, float]] = []
    for cost, drop in pairs:
        if not kept or drop < kept[-1][1]:
            kept.append((cost, drop))
    return kept


def drop_at(several: Sequence[Point], cost: float, quantity: str) -> float | None:
    """What the best of these files lose at a cost: a straight line between the two next to it; of
    the cheapest one where it costs more than that, which flatters it.
    """
    found = front(several, quantity)
    if not found:
        return None
    costs, drops = zip(*found, strict=True)
    return float(np.interp(cost, costs, drops))
