"""Which channels of a Keras model must go together, and which may go at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.errors import UsageError
from edgehone.graph.propagation import IntArray, Ledger, propagate
from edgehone.graph.wiring import calls, functional


@dataclass(frozen=True)
class Group:
    """Units made by the same layers. name: the first of them; channels: the number of units."""

    name: str
    layers: tuple[str, ...]
    channels: int
    prunable: bool
    reason: str = ""


@dataclass(frozen=True, eq=False)
class ChannelGraph:
    """The channels of a model. A *unit* is a set of channels that are kept or removed together.

    units[i]: unit numbers of groups[i], in the order of its first layer's channels.
    inputs[layer], outputs[layer]: the unit of each channel on the last axis of what the layer
    takes and makes; after a flatten, of each feature. Units of the model's inputs are in no group.
    """

    groups: tuple[Group, ...]
    units: tuple[IntArray, ...]
    inputs: Mapping[str, IntArray]
    outputs: Mapping[str, IntArray]

    def index(self, name: str) -> int:
        """Position of a group in `groups`. Raises UsageError that names the known ones."""
        names = [group.name for group in self.groups]
        if name not in names:
            known = ", ".join(group.name for group in self.groups if group.prunable)
            raise UsageError(f"There is no channel group {name!r}.", f"Prunable groups: {known}.")
        return names.index(name)

    def group(self, name: str) -> Group:
        """The group of that name."""
        return self.groups[self.index(name)]

    def units_of(self, name: str) -> IntArray:
        """(channels,): unit numbers of a group."""
        return self.units[self.index(name)]

    def owners(self) -> Mapping[int, tuple[str, int]]:
        """Unit number -> its group's name and its index within the group."""
        return {
            int(unit): (group.name, index)
            for group, units in zip(self.groups, self.units, strict=True)
            for index, unit in enumerate(units)
        }


def analyse(model: Any) -> ChannelGraph:
    """The channel groups of a Functional or Sequential Keras model, inputs and outputs frozen.

    Layers that are not understood, used several times, or models themselves freeze what they
    touch, and the group says why. Raises ModelError for models without a graph.
    """
    ledger = Ledger()
    inputs: dict[str, IntArray] = {}
    outputs: dict[str, IntArray] = {}
    for call in calls(model):
        if not call.inputs:
            for tensor in call.outputs:
                ledger.tensors[id(tensor)] = ledger.fresh(tensor)
                ledger.freeze(ledger.tensors[id(tensor)], "tied to the model's input")
            continue
        propagate(call, ledger)
        if len(call.inputs) == 1:
            inputs.setdefault(call.name, ledger.tensors[id(call.inputs[0])])
        outputs.setdefault(call.name, ledger.tensors[id(call.outputs[0])])
    ends = [ledger.tensors[id(tensor)] for tensor in functional(model).outputs]
    ledger.frozen[:0] = [(channels, "tied to the model's output") for channels in ends]
    roots, unit_of = np.unique(ledger.roots(), return_inverse=True)
    groups, units = _groups(ledger, unit_of, len(roots))
    return ChannelGraph(
        groups,
        units,
        {name: unit_of[channels] for name, channels in inputs.items()},
        {name: unit_of[channels] for name, channels in outputs.items()},
    )


def _groups(
    ledger: Ledger, unit_of: IntArray, count: int
) -> tuple[tuple[Group, ...], tuple[IntArray, ...]]:
    """Units with the same producers and the same (first) reason to stay are one group."""
    reasons = [""] * count
    for channels, reason in reversed(ledger.frozen):
        for unit in np.unique(unit_of[channels]):
            reasons[unit] = reason
    makers: list[list[str]] = [[] for _ in range(count)]
    for name, channels in ledger.producers:
        for unit in np.unique(unit_of[channels]):
            makers[unit].append(name)
    found: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for unit, (made_by, reason) in enumerate(zip(makers, reasons, strict=True)):
        if made_by:
            found.setdefault((tuple(dict.fromkeys(made_by)), reason), []).append(unit)
    groups: dict[str, Group] = {}
    for (layers, reason), members in found.items():
        name = _free_name(layers[0], groups)
        reason = reason or ("one channel only" if len(members) == 1 else "")
        groups[name] = Group(name, layers, len(members), not reason, reason)
    return tuple(groups.values()), tuple(np.array(units, np.int64) for units in found.values())


def _free_name(name: str, taken: Mapping[str, Group]) -> str:
    """`name`, or with #2, #3, … when a layer's channels fall into several groups."""
    number = 1
    while (found := name if number == 1 else f"{name}#{number}") in taken:
        number += 1
    return found
