"""Sums of many plans of one space: what a layer becomes is worked out once for its options."""

from collections.abc import Iterator

from edgehone.search.history import Tables
from edgehone.search.memory import plan_memory_bytes
from edgehone.search.plan import LayerChoice, Option, Plan
from edgehone.search.sums import Totals, carried_bytes, costs_of, memory_of, size_of

Key = tuple[int, str, tuple[Option, ...]]
"""A layer's index, the file's precision, and the options of all subjects that concern it."""

Sums = tuple[float, float, float, float]
"""Of one layer: cost, bytes, bytes while it runs, bytes after DEFLATE."""


class Summing:
    """As `Tables.totals` and `Tables.can_be_had`, for those who ask about thousands of plans."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[Key, tuple[Sums, bool]] = {}
        self._layers = (*tables.space.layers, *tables.space.operators)
        self._names = [
            [
                (decision.NAME, name)
                for decision in tables.space.decisions
                for name in decision.concerns(layer)
            ]
            for layer in self._layers
        ]

    def totals(self, plan: Plan) -> Totals:
        """What a plan sums to, before any correction."""
        cost = size = memory = packed = 0.0
        for each, _ in self._pieces(plan):
            cost, size, packed = cost + each[0], size + each[1], packed + each[3]
            memory = max(memory, each[2])
        space = self._tables.space
        carried = carried_bytes(space, plan)
        size, packed = size + carried, packed + carried
        if space.values:
            memory = plan_memory_bytes(space.values, space, plan)
        layers = Totals(cost, size, memory, self._tables.losses.of(plan), packed)
        return layers.plus(self._tables.rest_in(plan.default))

    def can_be_had(self, plan: Plan) -> bool:
        """Whether the format has every layer in the precision that the plan chose for it."""
        return all(had for _, had in self._pieces(plan))

    def _pieces(self, plan: Plan) -> Iterator[tuple[Sums, bool]]:
        for index, layer in enumerate(self._layers):
            options = tuple(plan.choices[technique][name] for technique, name in self._names[index])
            key = (index, plan.default, options)
            if key not in self._known:
                weighted = index < len(self._tables.space.layers)
                self._known[key] = self._summed(layer, plan, weighted=weighted)
            yield self._known[key]

    def _summed(self, layer: LayerChoice, plan: Plan, *, weighted: bool) -> tuple[Sums, bool]:
        piece = self._tables.space.made(layer, plan.choices, plan.default)
        costs = costs_of(piece, self._tables.cost, plan.default)
        cost = sum(each or 0.0 for each in costs)
        if not weighted:
            return (cost, 0.0, 0.0, 0.0), True
        size = size_of(piece)
        sums = (cost, size, memory_of(piece), piece.packed * size)
        return sums, piece.precision == plan.default or None not in costs
