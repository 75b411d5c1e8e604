"""A model rebuilt with fewer channels, or with the same ones masked to see what that would do."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import UsageError
from edgehone.graph import roles
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.roles import WIDTH_SETTING, axes_of
from edgehone.graph.wiring import calls, kind_of

Array = NDArray[Any]
BoolArray = NDArray[np.bool_]


def keep_channels(model: Any, graph: ChannelGraph, kept: Mapping[str, Sequence[int]]) -> Any:
    """A new model in which each named group has only the units whose indices are given.

    kept: group name -> indices in [0, channels) within the group; groups not named stay whole.
    The result computes exactly what `masked` computes with the others removed. Raises UsageError
    for unknown or frozen groups, indices out of range, and groups that would be left empty.
    """
    stays = _flags(graph, kept, True)

    def replace(layer: Any) -> Replacement:
        inputs, outputs = graph.inputs.get(layer.name), graph.outputs.get(layer.name)
        if inputs is None or outputs is None or (stays[inputs].all() and stays[outputs].all()):
            return None
        return _cut(layer, stays[inputs], stays[outputs])

    return rewrite(model, replace)


@contextmanager
def masked(model: Any, graph: ChannelGraph, removed: Mapping[str, Sequence[int]]) -> Iterator[None]:
    """Inside the block the named units of `model` have no effect; their readers' kernels hold 0.

    removed: group name -> indices within the group. The kernels are put back at the end.
    """
    gone = ~_flags(graph, removed, False)
    before: list[tuple[Any, Array]] = []
    try:
        for call in calls(model):
            layer, inputs = call.operation, graph.inputs.get(call.name)
            if inputs is None or kind_of(layer) not in WIDTH_SETTING or not gone[inputs].any():
                continue
            for weight in layer.weights:
                for axis in _input_axes(layer, weight):
                    before.append((weight, np.asarray(weight).copy()))
                    weight.assign(_zeroed(before[-1][1], axis, gone[inputs]))
        yield
    finally:
        for weight, array in before:
            weight.assign(array)


def _flags(graph: ChannelGraph, chosen: Mapping[str, Sequence[int]], keep: bool) -> BoolArray:
    """(units,): whether each unit stays; `chosen` names those that stay (keep) or go."""
    highest = max((int(u.max()) for u in graph.outputs.values() if len(u)), default=0)
    highest = max([highest, *(int(u.max()) for u in graph.inputs.values() if len(u))])
    stays = np.ones(highest + 1, np.bool_)
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


def _cut(layer: Any, inputs: BoolArray, outputs: BoolArray) -> Replacement:
    """The layer for the channels that stay, with its weights cut accordingly."""
    config = layer.get_config()
    kind = kind_of(layer)
    if kind in WIDTH_SETTING:
        config[WIDTH_SETTING[kind]] = int(outputs.sum())
    elif kind == "Reshape":
        config["target_shape"] = (*config["target_shape"][:-1], int(outputs.sum()))
    weights = []
    axes = axes_of(layer) or {}
    for weight in layer.weights:
        array = np.asarray(weight)
        for axis, role in axes[weight.name].items():
            stays = _along(role, inputs, outputs, array.shape[axis])
            if len(stays) == array.shape[axis]:  # a PReLU may share one slope over its channels
                array = np.compress(stays, array, axis)
        weights.append(array)
    return ((type(layer).from_config(config), weights),)


def _along(role: str, inputs: BoolArray, outputs: BoolArray, size: int) -> BoolArray:
    """Which positions stay on an axis of `size` that has this role."""
    match role:
        case roles.INPUT:
            return inputs
        case roles.REPEATED:
            return np.repeat(inputs, size // len(inputs))
    return outputs


def _input_axes(layer: Any, weight: Any) -> list[int]:
    axes = (axes_of(layer) or {}).get(weight.name, {})
    return [axis for axis, role in axes.items() if role == roles.INPUT]


def _zeroed(array: Array, axis: int, gone: BoolArray) -> Array:
    result = np.moveaxis(array.copy(), axis, 0)
    result[gone] = 0
    return np.moveaxis(result, 0, axis)
