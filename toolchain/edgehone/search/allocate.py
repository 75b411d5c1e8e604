"""The integer program: channels, ranks and precisions of least predicted loss within limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from edgehone.precisions import family
from edgehone.search.space import (
    LayerChoice,
    Plan,
    Space,
    factors,
    file_bytes,
    memory_bytes,
    saves,
)
from edgehone.values import LayerSpec

Float = NDArray[np.float64]

MOST_COMBINATIONS = 4000
"""Combinations of one layer above which the inputs' effect is priced group by group instead."""

TIME_LIMIT_S = 20.0

Cost = Callable[[LayerSpec, str, str], float | None]
"""Predicted cost of a layer in a precision, in a file of a default precision (with the conversions
at its borders, where the two differ): milliseconds, or instructions where a device counts those;
None where it cannot be had."""


@dataclass(frozen=True)
class Losses:
    """The sensitivity table: predicted loss of one choice, all others left alone.

    groups[name][kept channels], ranks[layer][rank], precisions[layer][precision]; a choice that
    is not named loses nothing.
    """

    groups: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    ranks: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    precisions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, plan: Plan) -> float:
        """Predicted loss of a whole plan: the sum over its choices."""
        total = sum(self.groups.get(g, {}).get(n, 0.0) for g, n in plan.kept.items())
        total += sum(self.ranks.get(a, {}).get(r, 0.0) for a, r in plan.ranks.items())
        return total + sum(
            self.precisions.get(a, {}).get(p, 0.0) for a, p in plan.precisions.items()
        )


@dataclass(frozen=True)
class Limits:
    """Upper limits on what a plan's layers sum to, before any correction; infinity: no limit.

    cost and size_bytes are sums over layers, memory_bytes is of the largest layer.
    """

    cost: float = float("inf")
    size_bytes: float = float("inf")
    memory_bytes: float = float("inf")


@dataclass(frozen=True)
class Totals:
    """What a plan's layers sum to, before any correction."""

    cost: float
    size_bytes: float
    memory_bytes: float
    loss: float


@dataclass(frozen=True)
class _Column:
    """One combination of choices for a layer, as a variable of the program."""

    layer: int
    kept: tuple[int, ...]
    rank: int
    precision: str
    cost: float
    size_bytes: float


def allocate(
    space: Space, losses: Losses, cost: Cost, limits: Limits, *, default: str
) -> Plan | None:
    """The plan of least predicted loss within `limits`, or None when no plan is within them.

    A 0-1 program over x[group, count] and, per layer, one variable for every combination of its
    groups' counts, rank and precision, tied to x by their marginals; solved by HiGHS. Layers of
    more than two groups (behind wide concatenations) are priced by first-order differences.
    """
    program = _Program(space, losses, cost, limits, default)
    chosen = program.solve()
    return None if chosen is None else program.plan(chosen)


def totals(space: Space, losses: Losses, cost: Cost, plan: Plan) -> Totals:
    """What a plan's layers sum to; layers that have no price count nothing."""
    price = size = memory = 0.0
    for layer in space.layers:
        shape = layer.cut(plan.kept)
        precision = plan.precisions[layer.name]
        parts = factors(shape, plan.ranks.get(layer.name, 0))
        price += sum(cost(part, precision, plan.default) or 0.0 for part in parts)
        size += sum(file_bytes(part, precision) for part in parts)
        memory = max([memory, *(memory_bytes(part, precision) for part in parts)])
    return Totals(price, size, memory, losses.of(plan))


def uniform(space: Space, precision: str) -> Plan:
    """The plan that leaves the architecture alone and puts every layer in one precision."""
    return Plan(
        kept={group.name: group.channels for group in space.groups},
        ranks={layer.name: 0 for layer in space.layers},
        precisions={layer.name: precision for layer in space.layers},
        default=precision,
    )


class _Program:
    """Columns and rows of the integer program, built once and solved once."""

    def __init__(
        self, space: Space, losses: Losses, cost: Cost, limits: Limits, default: str
    ) -> None:
        self.space, self.losses, self.cost, self.limits = space, losses, cost, limits
        self.default = default
        beside = family(default)
        self.allowed = tuple(p for p in beside if p in {*space.precisions, default})
        self.x = [(group, count) for group in space.groups for count in group.options]
        self.place = {(group.name, count): i for i, (group, count) in enumerate(self.x)}
        self.x_cost = np.zeros(len(self.x))
        self.x_size = np.zeros(len(self.x))
        self.columns: list[_Column] = []
        for index, layer in enumerate(space.layers):
            self.columns.extend(self._columns_of(index, layer))

    def _columns_of(self, index: int, layer: LayerChoice) -> list[_Column]:
        groups = [self.space.group(name) for name in self._exact_groups(layer)]
        self._price_other_inputs(layer)
        full = {name: self.space.group(name).channels for name in layer.groups}
        found = []
        for kept in product(*(group.options for group in groups)):
            counts = {**full, **dict(zip((g.name for g in groups), kept, strict=True))}
            shape = layer.cut(counts)
            for rank, precision in product(layer.ranks, self.allowed):
                column = self._column(index, shape, kept, rank, precision)
                if column is not None:
                    found.append(column)
        return found

    def _column(
        self, index: int, shape: LayerSpec, kept: tuple[int, ...], rank: int, precision: str
    ) -> _Column | None:
        if rank and not saves(shape, rank):
            return None
        parts = factors(shape, rank)
        prices = [self.cost(part, precision, self.default) for part in parts]
        if any(memory_bytes(part, precision) > self.limits.memory_bytes for part in parts):
            return None
        if None in prices and precision != self.default:
            return None
        total = sum(price or 0.0 for price in prices)
        size = sum(file_bytes(part, precision) for part in parts)
        return _Column(index, kept, rank, precision, total, size)

    def _exact_groups(self, layer: LayerChoice) -> tuple[str, ...]:
        combinations = np.prod([len(self.space.group(g).options) for g in layer.groups] or [1])
        if combinations * len(layer.ranks) * len(self.allowed) <= MOST_COMBINATIONS:
            return layer.groups
        return (layer.output,) if layer.output else ()

    def _price_other_inputs(self, layer: LayerChoice) -> None:
        exact = self._exact_groups(layer)
        full = {name: self.space.group(name).channels for name in layer.groups}
        whole = layer.cut(full)
        for name in set(layer.groups) - set(exact):
            for count in self.space.group(name).options:
                shape = layer.cut({**full, name: count})
                at = self.place[name, count]
                saved = (self._own_cost(shape) or 0.0) - (self._own_cost(whole) or 0.0)
                self.x_cost[at] += saved
                self.x_size[at] += file_bytes(shape, self.default) - file_bytes(whole, self.default)

    def _own_cost(self, shape: LayerSpec) -> float | None:
        return self.cost(shape, self.default, self.default)

    def solve(self) -> Float | None:
        """Values of all variables (x first, then columns, then rank-precision pairs), or None."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_matrix

        pairs = sorted({(c.layer, c.rank, c.precision) for c in self.columns})
        missing = set(range(len(self.space.layers))) - {c.layer for c in self.columns}
        if missing:
            return None
        width = len(self.x) + len(self.columns) + len(pairs)
        rows = _Rows()
        self._tie(rows, {pair: i for i, pair in enumerate(pairs)})
        matrix = coo_matrix((rows.values, (rows.rows, rows.places)), shape=(rows.count, width))
        equalities = LinearConstraint(matrix.tocsr(), rows.right, rows.right)
        constraints = [equalities, *self._limit_rows(width)]
        integral = np.ones(width)
        integral[len(self.x) : len(self.x) + len(self.columns)] = 0
        result = milp(
            self._objective(pairs, width),
            integrality=integral,
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={"time_limit": TIME_LIMIT_S, "mip_rel_gap": 1e-4},
        )
        return None if result.x is None else np.asarray(result.x, dtype=np.float64)

    def _tie(self, rows: "_Rows", pairs: Mapping[tuple[int, int, str], int]) -> None:
        first_column, first_pair = len(self.x), len(self.x) + len(self.columns)
        for group in self.space.groups:
            rows.add([(self.place[group.name, n], 1.0) for n in group.options], 1.0)
        for index, layer in enumerate(self.space.layers):
            own = [(i, c) for i, c in enumerate(self.columns) if c.layer == index]
            rows.add([(first_column + i, 1.0) for i, _ in own], 1.0)
            for position, name in enumerate(self._exact_groups(layer)):
                for count in self.space.group(name).options:
                    terms = [(first_column + i, 1.0) for i, c in own if c.kept[position] == count]
                    rows.add([*terms, (self.place[name, count], -1.0)], 0.0)
            for rank, precision in {(c.rank, c.precision) for _, c in own}:
                terms = [
                    (first_column + i, 1.0)
                    for i, c in own
                    if (c.rank, c.precision) == (rank, precision)
                ]
                rows.add([*terms, (first_pair + pairs[index, rank, precision], -1.0)], 0.0)

    def _limit_rows(self, width: int) -> list[object]:
        from scipy.optimize import LinearConstraint

        found: list[object] = []
        cost, size = np.zeros(width), np.zeros(width)
        cost[: len(self.x)], size[: len(self.x)] = self.x_cost, self.x_size
        for i, column in enumerate(self.columns, start=len(self.x)):
            cost[i], size[i] = column.cost, column.size_bytes
        for row, limit in ((cost, self.limits.cost), (size, self.limits.size_bytes)):
            if np.isfinite(limit):
                scale = max(abs(limit), 1e-9)
                found.append(LinearConstraint(row[None, :] / scale, -np.inf, limit / scale))
        return found

    def _objective(self, pairs: Sequence[tuple[int, int, str]], width: int) -> Float:
        loss = np.zeros(width)
        for i, (group, count) in enumerate(self.x):
            loss[i] = self.losses.groups.get(group.name, {}).get(count, 0.0)
        for i, (index, rank, precision) in enumerate(pairs, start=len(self.x) + len(self.columns)):
            name = self.space.layers[index].name
            loss[i] = self.losses.ranks.get(name, {}).get(rank, 0.0)
            loss[i] += self.losses.precisions.get(name, {}).get(precision, 0.0)
        worst = max(float(np.abs(loss).max(initial=0.0)), 1e-9)
        cost = np.array([column.cost for column in self.columns])
        size = np.array([column.size_bytes for column in self.columns])
        tie = cost / max(cost.sum(), 1e-12) + size / max(size.sum(), 1e-12)
        loss[len(self.x) : len(self.x) + len(self.columns)] += 1e-3 * worst * tie
        return loss

    def plan(self, values: Float) -> Plan:
        """Read the chosen plan off the solution."""
        kept: dict[str, int] = {}
        for i, (group, count) in enumerate(self.x):
            if values[i] > 0.5:
                kept[group.name] = count
        ranks: dict[str, int] = {}
        precisions: dict[str, str] = {}
        for i, column in enumerate(self.columns, start=len(self.x)):
            if values[i] > 0.5:
                name = self.space.layers[column.layer].name
                ranks[name], precisions[name] = column.rank, column.precision
        return Plan(kept, ranks, precisions, self.default)


class _Rows:
    """Equality rows of the program in coordinate form."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.places: list[int] = []
        self.values: list[float] = []
        self.right: list[float] = []

    @property
    def count(self) -> int:
        return len(self.right)

    def add(self, terms: Sequence[tuple[int, float]], right: float) -> None:
        for place, value in terms:
            self.rows.append(self.count)
            self.places.append(place)
            self.values.append(value)
        self.right.append(right)
