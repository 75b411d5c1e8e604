"""Sub-networks that keep the first channels of every group, and the weights that others do not see.

With the channels of each group in an order, a sub-network is one number a group: how many of them,
from the first on, it keeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.ledger import IntArray
from edgehone.graph.wiring import calls

Widths = Mapping[str, int]
"""Group name -> how many of its channels stay; groups not named stay whole."""

Place = tuple[int, IntArray]
"""An axis of a weight, and the units that lie on it."""


@dataclass(frozen=True, eq=False)
class Prefixes:
    """The sub-networks of one model. order: prunable group -> its units' indices within the group,
    the one that stays longest first.
    """

    graph: ChannelGraph
    order: Mapping[str, Sequence[int]]

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Group -> how many channels it has."""
        return {name: len(order) for name, order in self.order.items()}

    def kept(self, widths: Widths) -> Mapping[str, Sequence[int]]:
        """The indices that stay, by group, ascending; whole groups are left out."""
        return {
            name: sorted(self.order[name][:count])
            for name, count in widths.items()
            if count < self.sizes[name]
        }

    def vector(self, widths: Widths) -> NDArray[np.int32]:
        """(groups,): the widths in the order of `sizes`."""
        return np.array([widths.get(name, size) for name, size in self.sizes.items()], np.int32)

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """(units,): position in the order of its group; 0 for units that always stay."""
        found = np.zeros(self.graph.count, np.int32)
        for name, order in self.order.items():
            found[self.graph.units_of(name)[list(order)]] = np.arange(len(order))
        return found

    @cached_property
    def owner(self) -> NDArray[np.int32]:
        """(units,): position of its group in `sizes`; behind them for units that always stay."""
        found = np.full(self.graph.count, len(self.order), np.int32)
        for number, name in enumerate(self.order):
            found[self.graph.units_of(name)] = number
        return found

    def stays(self, vector: Any) -> Any:
        """(units,) float32: 1 for units that stay at these widths (groups,), 0 for others; as
        symbolic values where the widths are.
        """
        ops = backend.keras().ops
        limits = ops.concatenate([ops.cast(vector, "int32"), ops.ones((1,), "int32")])
        return ops.cast(self.rank < ops.take(limits, self.owner), "float32")

    def places(self, model: Any) -> Mapping[int, tuple[Place, ...]]:
        """id() of a Keras variable of the model -> where units lie on it that may go. With those of
        removed units 0, the model computes what it computes without them: all weights that make
        such a unit, pass it on or read it, but for variances (see `rebuild.masked`).
        """
        free = self.owner < len(self.order)
        found: dict[int, list[Place]] = {}
        seen = set()
        for call in calls(model):
            trace = self.graph.traces.get(call.name)
            if trace is None or call.name in seen:
                continue
            seen.add(call.name)
            for each in trace.slices:
                weight = call.operation.weights[each.weight]
                if free[each.units].any() and "variance" not in weight.name:
                    found.setdefault(id(weight), []).append((each.axis, each.units))
        return {weight: tuple(places) for weight, places in found.items()}


def masked_value(value: Any, places: Sequence[Place], stays: Any) -> Any:
    """A weight with what belongs to removed units 0. stays: (units,) of 1 and 0."""
    ops = backend.keras().ops
    for axis, units in places:
        shape = [1] * len(value.shape)
        shape[axis] = len(units)
        flags = ops.reshape(ops.take(stays, units), shape)
        value = ops.where(flags > 0, value, ops.zeros((), value.dtype))
    return value
