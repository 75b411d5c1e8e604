"""Weights of layers whose cost no table has, such as embeddings, recurrent and attention layers:
what they take of the file, by the channels that are left.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from edgehone.graph.groups import ChannelGraph
from edgehone.graph.propagation import RULES
from edgehone.graph.wiring import calls


@dataclass(frozen=True)
class Axis:
    """One axis of a weight. tied: channel group -> how many of the axis's places one of its units
    stands for; fixed: places that stay.
    """

    tied: Mapping[str, int]
    fixed: int

    def size(self, widths: Mapping[str, int]) -> int:
        """Places that are left with these many channels of each group."""
        return self.fixed + sum(widths[group] * times for group, times in self.tied.items())


@dataclass(frozen=True)
class CarriedWeight:
    """A weight of a layer, by its axes."""

    layer: str
    axes: tuple[Axis, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The channel groups that its size depends on."""
        return tuple(dict.fromkeys(group for axis in self.axes for group in axis.tied))

    def elements(self, widths: Mapping[str, int]) -> int:
        """Numbers that are left with these many channels of each group."""
        return prod(axis.size(widths) for axis in self.axes)


def carried_weights(
    model: Any, graph: ChannelGraph, groups: Collection[str], apart: Collection[str]
) -> tuple[CarriedWeight, ...]:
    """The weights of a model that get smaller with these channel groups. apart: layers that are
    counted by their shapes.
    """
    sizes = {group.name: group.channels for group in graph.groups if group.name in groups}
    owner = {unit: name for unit, (name, _) in graph.owners().items() if name in sizes}
    found: dict[str, CarriedWeight] = {}
    for call in calls(model):
        if call.name in apart or call.name not in graph.traces or RULES[call.kind].edits:
            continue  # layers that are called otherwise, on padded channels, keep their weights
        known = {(each.weight, each.axis): each.units for each in graph.traces[call.name].slices}
        for number, weight in enumerate(call.operation.weights if known else ()):
            axes = tuple(
                _axis(known.get((number, axis), ()), int(size), owner, sizes)
                for axis, size in enumerate(weight.shape)
            )
            if any(axis.tied for axis in axes):
                found.setdefault(f"{call.name}:{number}", CarriedWeight(call.name, axes))
    return tuple(found.values())


def _axis(
    units: Collection[Any], size: int, owner: Mapping[int, str], sizes: Mapping[str, int]
) -> Axis:
    counts = Counter(owner.get(int(unit), "") for unit in units)
    counts.pop("", 0)
    tied = {group: count // sizes[group] for group, count in counts.items()}
    return Axis(tied, size - sum(sizes[group] * times for group, times in tied.items()))
