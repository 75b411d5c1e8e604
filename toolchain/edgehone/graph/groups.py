"""Which channels of a Keras model must go together, and which may go at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehone.errors import UsageError
from edgehone.graph.ledger import IntArray, Ledger, Trace, along, varying
from edgehone.graph.propagation import finish, propagate
from edgehone.graph.wiring import calls, functional
from edgehone.values import NOTHING

PARTS = ("heads", "keys", "values")
"""Kinds of units inside a layer; their groups are called LAYER/heads, LAYER/keys, LAYER/values."""


@dataclass(frozen=True)
class Group:
    """Units made by the same layers. name: the first of them; channels: the number of units.

    kind: "channels", "units" of recurrent layers, or of attention "heads", and channels of each
    head's "keys" and "values". size: how many of its first layer's channels a unit stands for.
    """

    name: str
    layers: tuple[str, ...]
    channels: int
    prunable: bool
    reason: str = ""
    kind: str = "channels"
    size: int = 1


@dataclass(frozen=True, eq=False)
class ChannelGraph:
    """The channels of a model. A *unit* is a set of channels that are kept or removed together.

    units[i]: unit numbers of groups[i], in the order of its first layer's channels.
    inputs[layer], outputs[layer]: the unit of each channel on the last axis of what the layer
    takes and makes (left out where channels lie on another one); after a flatten, of each feature.
    Units of the model's inputs are in no group.
    traces[operation]: the same on all axes, and which units lie on which axis of which weight.
    """

    groups: tuple[Group, ...]
    units: tuple[IntArray, ...]
    inputs: Mapping[str, IntArray]
    outputs: Mapping[str, IntArray]
    traces: Mapping[str, Trace] = NOTHING
    count: int = 0

    def index(self, name: str) -> int:
        """Position of a group in `groups`. Raises UsageError that names the known ones."""
        names = [group.name for group in self.groups]
        if name not in names:
            known = ", ".join(group.name for group in self.groups if group.prunable)
            raise UsageError(f"Unknown channel group {name!r}.", f"Prunable groups: {known}.")
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

    Layers that are not understood, or models themselves, freeze what they touch, and the group
    says why. Raises ModelError for models without a graph.
    """
    ledger = Ledger()
    inputs: dict[str, IntArray] = {}
    outputs: dict[str, IntArray] = {}
    for call in calls(model):
        if not call.inputs:
            for tensor in call.outputs:
                ledger.fixed(tensor, "tied to the model's input")
            continue
        propagate(call, ledger)
        frozen = call.name in ledger.refused
        if len(call.inputs) == 1 and (frozen or _on_last(ledger, call.inputs[0])):
            inputs.setdefault(call.name, _last(ledger, call.inputs[0]))
        if _on_last(ledger, call.outputs[0]):
            outputs.setdefault(call.name, _last(ledger, call.outputs[0]))
    finish(ledger)
    ends = [ledger.tensors[id(tensor)] for tensor in functional(model).outputs]
    ledger.frozen[:0] = [(channels.ravel(), "tied to the model's output") for channels in ends]
    roots, unit_of = np.unique(ledger.roots(), return_inverse=True)
    groups, units = _groups(ledger, unit_of, len(roots))
    if _keep_of_each_part(ledger, groups, units, unit_of):
        groups, units = _groups(ledger, unit_of, len(roots))
    return ChannelGraph(
        groups,
        units,
        {name: unit_of[channels] for name, channels in inputs.items()},
        {name: unit_of[channels] for name, channels in outputs.items()},
        {name: _in_units(trace, unit_of) for name, trace in ledger.traces.items()},
        len(roots),
    )


def _keep_of_each_part(
    ledger: Ledger, groups: Sequence[Group], units: Sequence[IntArray], unit_of: IntArray
) -> bool:
    """Freeze a channel of slices that could lose all of theirs; whether there are such.

    A group keeps at least one unit, so that a slice which holds a whole group is never empty.
    """
    prunable = [{*map(int, u)} for g, u in zip(groups, units, strict=True) if g.prunable]
    free = set().union(*prunable)
    at_risk = False
    for part in ledger.parts:
        there = {*map(int, unit_of[part])}
        if there and there <= free and not any(group <= there for group in prunable):
            ledger.freeze(part[:1], "the one that must stay of a slice")
            at_risk = True
    return at_risk


def _on_last(ledger: Ledger, tensor: Any) -> bool:
    return {*varying(ledger.tensors[id(tensor)])} <= {-1}


def _last(ledger: Ledger, tensor: Any) -> IntArray:
    """(size,): channels on a tensor's last axis; () when it has none of known size."""
    size = (tensor.shape[-1] or 0) if len(tensor.shape) > 1 else 0
    channels = ledger.tensors[id(tensor)]
    return np.broadcast_to(along(channels, -1), (size,)) if size else np.zeros(0, np.int64)


def _in_units(trace: Trace, unit_of: IntArray) -> Trace:
    return Trace(
        tuple(unit_of[channels] for channels in trace.inputs),
        tuple(unit_of[channels] for channels in trace.outputs),
        tuple(replace(each, units=unit_of[each.units]) for each in trace.slices),
    )


def _groups(
    ledger: Ledger, unit_of: IntArray, count: int
) -> tuple[tuple[Group, ...], tuple[IntArray, ...]]:
    """Units with the same producers and the same (first) reason to stay are one group."""
    reasons = [""] * count
    for channels, reason in reversed(ledger.frozen):
        for unit in np.unique(unit_of[channels]):
            reasons[unit] = reason
    makers: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    made: dict[tuple[str, str], IntArray] = {}
    for name, kind, channels in ledger.producers:
        made.setdefault((name, kind), unit_of[channels])
        for unit in np.unique(unit_of[channels]):
            makers[unit].append((name, kind))
    found: dict[tuple[tuple[tuple[str, str], ...], str], list[int]] = {}
    for unit, (made_by, reason) in enumerate(zip(makers, reasons, strict=True)):
        if made_by:
            found.setdefault((tuple(dict.fromkeys(made_by)), reason), []).append(unit)
    groups: dict[str, Group] = {}
    for (producers, reason), members in found.items():
        first, kind = producers[0]
        name = _free_name(f"{first}/{kind}" if kind in PARTS else first, groups)
        layers = tuple(dict.fromkeys(layer for layer, _ in producers))
        reason = reason or ("one channel only" if len(members) == 1 else "")
        size = int(np.isin(made[producers[0]], members).sum()) // len(members)
        groups[name] = Group(name, layers, len(members), not reason, reason, kind, size)
    return tuple(groups.values()), tuple(np.array(units, np.int64) for units in found.values())


def _free_name(name: str, taken: Mapping[str, Group]) -> str:
    """`name`, or with #2, #3, … when a layer's channels fall into several groups."""
    number = 1
    while (found := name if number == 1 else f"{name}#{number}") in taken:
        number += 1
    return found
