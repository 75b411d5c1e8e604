"""A model rebuilt with fewer channels, or with the same ones masked to see what that would do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import UsageError
from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.ledger import Trace
from edgehone.graph.propagation import RULES
from edgehone.graph.rewrite import Edit, Replacement, rewrite
from edgehone.graph.rules._base import Cut, Rule
from edgehone.graph.wiring import calls

Array = NDArray[Any]
BoolArray = NDArray[np.bool_]


def keep_channels(model: Any, graph: ChannelGraph, kept: Mapping[str, Sequence[int]]) -> Any:
    """A new model in which each named group has only the units whose indices are given.

    kept: group name -> indices in [0, channels) within the group; groups not named stay whole.
    The result computes exactly what `masked` computes with the others removed. Raises UsageError
    for unknown or frozen groups, indices out of range, and groups that would be left empty.
    """
    stays = _flags(graph, kept, True)

    def weights(layer: Any, rule: Rule, cut: Cut) -> list[Array]:
        return rule.weights(layer, cut)

    return resized(model, graph, partial(Cut, stays), weights)


def resized(
    model: Any,
    graph: ChannelGraph,
    cut_of: Callable[[Trace], Cut],
    weights: Callable[[Any, Rule, Cut], list[Array]],
) -> Any:
    """A new model in which all that a cut touches has the sizes that are left of it, and the
    weights, in the layer's order, that `weights(layer, rule, cut)` gives.
    """
    cuts: dict[str, tuple[Rule, Cut]] = {}
    for call in calls(model):
        if call.name in graph.traces:
            cut = cut_of(graph.traces[call.name])
            if cut.touches:
                cuts[call.name] = (RULES[call.kind], cut)

    def replace(layer: Any) -> Replacement:
        if layer.name not in cuts:
            return None
        rule, cut = cuts[layer.name]
        config = layer.get_config()
        rule.shrink(layer, config, cut)
        return ((backend.remade(type(layer), config), weights(layer, rule, cut)),)

    edits = {name: _edit(rule, cut) for name, (rule, cut) in cuts.items() if rule.edits}
    return rewrite(model, replace, edits)


def _edit(rule: Rule, cut: Cut) -> Edit:
    def call(operation: Any, arguments: Sequence[Any], settings: Mapping[str, Any]) -> Any:
        return rule.call(operation, cut, arguments, settings)

    return call


@contextmanager
def masked(model: Any, graph: ChannelGraph, removed: Mapping[str, Sequence[int]]) -> Iterator[None]:
    """Inside the block all weights that belong to the named units of `model` are 0, variances
    excepted: what makes them, what they pass, and what reads them. They are put back at the end.

    removed: group name -> indices within the group.
    """
    gone = ~_flags(graph, removed, False)
    before: dict[int, tuple[Any, Array]] = {}
    try:
        for call in calls(model):
            trace = graph.traces.get(call.name)
            for each in trace.slices if trace else ():
                weight = call.operation.weights[each.weight]
                if gone[each.units].any() and "variance" not in weight.name:
                    before.setdefault(id(weight), (weight, np.asarray(weight).copy()))
                    weight.assign(_zeroed(np.asarray(weight), each.axis, gone[each.units]))
        yield
    finally:
        for weight, array in before.values():
            weight.assign(array)


def _flags(graph: ChannelGraph, chosen: Mapping[str, Sequence[int]], keep: bool) -> BoolArray:
    """(units,): whether each unit stays; `chosen` names those that stay (keep) or go."""
    stays = np.ones(graph.count, np.bool_)
    for name, indices in chosen.items():
        group, units = graph.group(name), graph.units_of(name)
        picked = np.zeros(group.channels, np.bool_)
        wrong = [index for index in indices if not 0 <= index < group.channels]
        if wrong:
            raise UsageError(
                f"Group {name!r} has {group.channels} channels; there is no channel {wrong[0]}.",
                f"Give indices from 0 to {group.channels - 1}.",
            )
        picked[np.asarray(list(indices), np.int64)] = True
        stays[units] = picked if keep else ~picked
        if not group.prunable and not stays[units].all():
            raise UsageError(
                f"Channels of group {name!r} cannot be removed ({group.reason}).",
                "Leave this group out.",
            )
        if keep and not stays[units].any():
            raise UsageError(f"Group {name!r} would be left without channels.", "Keep one or more.")
    return stays


def _zeroed(array: Array, axis: int, gone: BoolArray) -> Array:
    result = np.moveaxis(array.copy(), axis, 0)
    result[gone] = 0
    return np.moveaxis(result, 0, axis)
