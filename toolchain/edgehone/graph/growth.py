"""A model made wider without a change of what it computes: channels split into copies.

A copy of a channel is made by the same weights; whoever reads a channel shares its weight out
among the copies (Net2WiderNet: Chen, Goodfellow, Shlens 2016, section 2.3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import UsageError
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.importance import channel_importance, strongest
from edgehone.graph.ledger import READS, Slice
from edgehone.graph.rebuild import resized
from edgehone.graph.rules._base import Cut, Rule
from edgehone.graph.rules.attention import ATTENTION
from edgehone.graph.wiring import Call, calls, kind_of

Counts = NDArray[np.int64]

_OVER_ALL = {"LayerNormalization", "RMSNormalization", "UnitNormalization"}
_PRODUCTS = {*ATTENTION, "EinsumDense"}
_KINDS = ("channels", "units")


@dataclass(frozen=True, eq=False)
class Growth(Cut):
    """How many copies there are of every unit, as one operation sees it: `stays` counts them, and
    all that a rule sums up of what stays is the new size.
    """

    @property
    def touches(self) -> bool:
        """Whether there are several of anything that the operation takes, makes or holds."""
        held = [each.units for each in self.trace.slices]
        every = (*self.trace.inputs, *self.trace.outputs, *held)
        return not all((self.stays[units] == 1).all() for units in every)


def frozen(model: Any, graph: ChannelGraph) -> Mapping[str, str]:
    """Group name -> why it cannot be widened, "" where it can: all groups of the graph."""
    reasons = ["" for _ in range(graph.count)]
    for call in calls(model):
        if call.name in graph.traces and (reason := _reason(call, graph)):
            text = f"layer {call.name!r} ({call.kind}) {reason[1]}"
            for unit in reason[0]:
                reasons[unit] = reasons[unit] or text
    found = {}
    for group in graph.groups:
        why = next((reasons[unit] for unit in graph.units_of(group.name) if reasons[unit]), "")
        kind = "" if group.kind in _KINDS else f"they are {group.kind} of an attention layer"
        found[group.name] = group.reason or kind or why
    return found


def _reason(call: Call, graph: ChannelGraph) -> tuple[set[int], str] | None:
    """Units that a call would treat otherwise if there were several of them, and why."""
    trace = graph.traces[call.name]
    come = {int(unit) for units in trace.inputs for unit in units.ravel()}
    kind = kind_of(getattr(call.operation, "layer", None)) or call.kind
    if kind in _OVER_ALL:
        return come, "takes its statistics over all channels"
    if kind in _PRODUCTS:
        made = {int(unit) for units in trace.outputs for unit in units.ravel()}
        return come | made, "multiplies channels with each other"
    go_on = {int(unit) for units in trace.outputs for unit in units.ravel()}
    read = {int(u) for each in trace.slices if each.role == READS for u in each.units.ravel()}
    lost = come - go_on - read
    return (lost, "adds channels up") if lost and call.inputs else None


def grow_channels(
    model: Any,
    graph: ChannelGraph,
    wanted: Mapping[str, int],
    *,
    noise: float = 0.0,
    seed: int = 0,
) -> Any:
    """A new model in which each named group has so many channels, at least those it has, which
    computes what `model` does to the accuracy of float32.

    The strongest channels are split first. noise: share in [0, 1) by which the weights of copies
    differ at random where they are read, their sum unchanged: without it copies learn alike. Raises
    UsageError for unknown groups, those that cannot be widened, and fewer channels than there are.
    """
    copies = _copies(model, graph, wanted)
    random = np.random.default_rng(seed)

    def weights(layer: Any, _: Rule, growth: Cut) -> list[NDArray[Any]]:
        return list(_weights(layer, growth, noise, random))

    return resized(model, graph, partial(Growth, copies), weights)


def _copies(model: Any, graph: ChannelGraph, wanted: Mapping[str, int]) -> Counts:
    """(units,): how many there are to be of each."""
    copies = np.ones(graph.count, np.int64)
    reasons, importance = frozen(model, graph), channel_importance(model, graph)
    for name, count in wanted.items():
        channels = graph.group(name).channels
        if reasons[name]:
            raise UsageError(
                f"Group {name!r} cannot be widened: {reasons[name]}.", "Leave this group out."
            )
        if count < channels:
            raise UsageError(
                f"Group {name!r} has {channels} channels, and cannot be widened to {count}.",
                f"Give at least {channels}.",
            )
        units, more = graph.units_of(name), count % channels
        copies[units] = count // channels
        copies[units[strongest(importance[name], more)]] += 1
    return copies


def _weights(
    layer: Any, growth: Cut, noise: float, random: np.random.Generator
) -> Iterator[NDArray[Any]]:
    """The layer's weights with every channel as often as there are copies of it."""
    for number, weight in enumerate(layer.weights):
        array = np.asarray(weight)
        for each in growth.trace.slices:
            if each.weight == number:
                array = _spread(array, each, growth.stays, noise, random)
        yield array


def _spread(
    array: NDArray[Any], where: Slice, copies: Counts, noise: float, random: np.random.Generator
) -> NDArray[Any]:
    """A weight with copies along one axis, shared out among them where they are read."""
    places, number = _places(where.units, copies)
    result = np.take(array, places, axis=where.axis)
    if where.role != READS:
        return result
    shares = _shares(copies[where.units], noise, random)[places, number]
    shape = [1] * result.ndim
    shape[where.axis] = len(shares)
    shared: NDArray[Any] = (result * shares.reshape(shape)).astype(array.dtype)
    return shared


def _places(units: Counts, copies: Counts) -> tuple[Counts, Counts]:
    """(size,), (size,): the old position of each new one along an axis, and which copy it is.
    Channels of one unit that lie side by side (a group of a grouped convolution) are copied as one.
    """
    starts = np.flatnonzero(np.diff(units, prepend=-1))
    places: list[int] = []
    numbers: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(units)], strict=True):
        for number in range(copies[units[start]]):
            places += range(start, end)
            numbers += [number] * (end - start)
    return np.array(places, np.int64), np.array(numbers, np.int64)


def _shares(copies: Counts, noise: float, random: np.random.Generator) -> NDArray[np.float64]:
    """(size, most copies): what of a weight each copy gets; rows sum to 1."""
    most = int(copies.max())
    there = np.arange(most) < copies[:, None]
    drawn = random.uniform(-1, 1, there.shape) * there
    mean = drawn.sum(1, keepdims=True) / copies[:, None]
    return np.asarray(np.where(there, (1 + noise * (drawn - mean) / 2) / copies[:, None], 0.0))
