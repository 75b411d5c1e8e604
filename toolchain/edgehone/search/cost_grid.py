"""Which layer shapes of a table have to be measured, and which follow from their neighbours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from edgehone.search.cost_table import CostTable, Key, kind_of

TOLERANCE = 0.04
"""How far a measured cost may lie from the one interpolated between its neighbours, as a fraction,
for the shapes around it to be interpolated as well."""
FEW, MANY = 3, 6
"""Shapes within a cell from which on it pays to try whether they can be interpolated: by one of
them, and by three."""

DIVISIONS = 2
"""How often cells are looked into before all that is left of them is measured: each time is a
request, and a request costs as much as dozens of shapes."""

Point = tuple[int, int]
"""Channels read and written; of layers that write as many as they read, one of the two is 0."""
Cell = tuple[Point, Point]
"""The shapes between two: from the fewest channels to the most, both included."""

Measure = Callable[[Sequence[Key]], Mapping[Key, float | str]]
"""Measures shapes in one batch: the cost of each, or why it has none."""


def filled(keys: Sequence[Key], measure: Measure, *, tolerance: float = TOLERANCE) -> CostTable:
    """The table of all keys. Of each kind of layer a coarse grid of channel counts is measured; the
    rest of a cell is interpolated where some shapes within it, measured too, lie no further than
    `tolerance` from the bilinear interpolation of its corners; otherwise the cell is divided, and
    at last measured whole.
    """
    surfaces = _surfaces(keys)
    for number in range(DIVISIONS + 1):
        whole = number == DIVISIONS
        wanted = [key for surface in surfaces for key in surface.wanted(whole=whole)]
        found = measure(wanted) if wanted else {}
        for surface in surfaces:
            surface.take(found, tolerance)
    prices: dict[Key, float] = {}
    refused: dict[Key, str] = {}
    interpolated: set[Key] = set()
    for surface in surfaces:
        for point, key in surface.points.items():
            cost = surface.found.get(point)
            if cost is None:
                prices[key] = surface.guessed[point]
                interpolated.add(key)
            elif isinstance(cost, str):
                refused[key] = cost
            else:
                prices[key] = cost
    return CostTable(prices, refused, frozenset(interpolated))


@dataclass
class _Surface:
    """Shapes of one kind of layer that differ in channels. found: costs that were measured, or why
    there is none; guessed: those that were interpolated; cells: those not yet decided.
    """

    points: Mapping[Point, Key]
    cells: list[Cell]
    found: dict[Point, float | str] = field(default_factory=dict)
    guessed: dict[Point, float] = field(default_factory=dict)

    def wanted(self, *, whole: bool) -> list[Key]:
        """What has to be measured before the cells can be decided; whole: all of them."""
        needed = self._within if whole else self._needed
        asked = dict.fromkeys(point for cell in self.cells for point in needed(cell))
        return [self.points[point] for point in asked if point not in self.found]

    def take(self, found: Mapping[Key, float | str], tolerance: float) -> None:
        """Decide the cells by what was measured; what has to be divided waits for the next time."""
        for point, key in self.points.items():
            if key in found:
                self.found[point] = found[key]
        undecided, self.cells = self.cells, []
        for cell in undecided:
            self._decide(cell, tolerance)

    def _needed(self, cell: Cell) -> list[Point]:
        inner, corners = self._inner(cell), _corners(cell)
        if not all(corner in self.points for corner in corners) or len(inner) < FEW:
            return self._within(cell)
        return [*corners, *_probes(cell, inner)]

    def _decide(self, cell: Cell, tolerance: float) -> None:
        rest = [point for point in self._within(cell) if point not in self.found]
        if not rest:
            return
        costs = self._costs(cell)
        probes = _probes(cell, self._inner(cell))
        if costs is None or max(_error(cell, costs, probe) for probe in probes) > tolerance:
            self.cells += _divided(cell, probes[0])
            return
        for point in rest:
            self.guessed.setdefault(point, _between(cell, costs, point))

    def _costs(self, cell: Cell) -> dict[Point, float] | None:
        """What is known within a cell; None where something could not be measured."""
        known = {point: self.found[point] for point in self._within(cell) if point in self.found}
        costs = {point: cost for point, cost in known.items() if not isinstance(cost, str)}
        return costs if len(costs) == len(known) else None

    def _within(self, cell: Cell) -> list[Point]:
        (i0, o0), (i1, o1) = cell
        return [(i, o) for i, o in self.points if i0 <= i <= i1 and o0 <= o <= o1]

    def _inner(self, cell: Cell) -> list[Point]:
        corners = _corners(cell)
        return [point for point in self._within(cell) if point not in corners]


def _surfaces(keys: Sequence[Key]) -> list[_Surface]:
    kinds: dict[Key, list[Key]] = {}
    for key in keys:
        spec, precision, among = key
        kinds.setdefault((kind_of(spec), precision, among), []).append(key)
    return [_surface(alike) for alike in kinds.values()]


def _surface(keys: Sequence[Key]) -> _Surface:
    """The keys of one kind, as one cell from the fewest channels to the most."""
    specs = [spec for spec, _, _ in keys]
    straight = all(spec.in_channels == spec.out_channels for spec in specs)
    points = [(spec.in_channels, 0 if straight else spec.out_channels) for spec in specs]
    inputs, outputs = zip(*points, strict=True)
    cell = (min(inputs), min(outputs)), (max(inputs), max(outputs))
    return _Surface(dict(zip(points, keys, strict=True)), [cell])


def _corners(cell: Cell) -> list[Point]:
    (i0, o0), (i1, o1) = cell
    return list(dict.fromkeys([(i0, o0), (i0, o1), (i1, o0), (i1, o1)]))


def _probes(cell: Cell, inner: Sequence[Point]) -> list[Point]:
    """The shape nearest to a cell's middle, and of many two nearer to its corners."""
    places = ((0.5, 0.5), (0.25, 0.75), (0.75, 0.25))[: 3 if len(inner) >= MANY else 1]
    return list(dict.fromkeys(min(inner, key=lambda p: _distance(cell, p, at)) for at in places))


def _distance(cell: Cell, point: Point, at: tuple[float, float]) -> float:
    return sum(abs(own - other) for own, other in zip(_share(cell, point), at, strict=True))


def _share(cell: Cell, point: Point) -> tuple[float, float]:
    """Where a point lies in a cell, as fractions of its sides; 0 along a side without length."""
    (i0, o0), (i1, o1) = cell
    i, o = point
    return ((i - i0) / (i1 - i0) if i1 > i0 else 0.0), ((o - o0) / (o1 - o0) if o1 > o0 else 0.0)


def _between(cell: Cell, costs: Mapping[Point, float], point: Point) -> float:
    """Bilinear interpolation of a cell's corners."""
    (i0, o0), (i1, o1) = cell
    i, o = _share(cell, point)
    low = (1 - o) * costs[i0, o0] + o * costs[i0, o1]
    high = (1 - o) * costs[i1, o0] + o * costs[i1, o1]
    return (1 - i) * low + i * high


def _error(cell: Cell, costs: Mapping[Point, float], probe: Point) -> float:
    """How far a measured cost lies from the interpolated one, as a fraction of it."""
    return abs(_between(cell, costs, probe) / costs[probe] - 1) if costs[probe] else float("inf")


def _divided(cell: Cell, at: Point) -> list[Cell]:
    """The cells that meet at a point, which is within the cell and none of its corners."""
    (i0, o0), (i1, o1) = cell
    i, o = at
    inputs = [(i0, i), (i, i1)] if i0 < i < i1 else [(i0, i1)]
    outputs = [(o0, o), (o, o1)] if o0 < o < o1 else [(o0, o1)]
    return [((a, c), (b, d)) for a, b in inputs for c, d in outputs]
