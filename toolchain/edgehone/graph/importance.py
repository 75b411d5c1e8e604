"""How strongly each channel speaks, by the weights that make it or the norm that scales it."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgehone.graph.fold import foldable_norms, folded_weights
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.ledger import MAKES, IntArray, Slice
from edgehone.graph.wiring import calls

Array = NDArray[np.float64]
Norm = Literal["l1", "l2"]


def channel_importance(model: Any, graph: ChannelGraph, norm: Norm = "l2") -> Mapping[str, Array]:
    """Group name -> (channels,) importance >= 0 of its units, for all prunable groups.

    The L1 or L2 norm of the kernel slices that make a channel (Li 2017, section 3.1), with batch
    norms folded in, each kernel's divided by their mean so that layers count alike; summed over
    the kernels of the group. Units that no kernel is known to make all count the same: 1.
    """
    norms = foldable_norms(model)
    total, known = np.zeros(graph.count), np.zeros(graph.count, np.bool_)
    makers = {name for group in graph.groups if group.prunable for name in group.layers}
    for call in calls(model):
        name, layer = call.name, call.operation
        if name not in makers or name not in graph.traces:
            continue
        makers.discard(name)  # a shared layer makes its channels once
        weights = [np.asarray(weight) for weight in layer.weights]
        if name in norms:
            weights = folded_weights(layer, norms[name])
        for each in graph.traces[name].slices:
            if each.role == MAKES and _is_kernel(layer, each):
                strength = _strengths(weights[each.weight], each.axis, norm)
                np.add.at(total, each.units, strength / (strength.mean() or 1.0))
                known[each.units] = True
    total[~known] = 1
    return {
        group.name: total[graph.units_of(group.name)] for group in graph.groups if group.prunable
    }


def scale_importance(model: Any, graph: ChannelGraph) -> Mapping[str, Array]:
    """Group name -> (channels,) mean |gamma| of the batch norms that scale a unit, for all prunable
    groups (Liu et al. 2017, section 3), comparable over the whole model.

    Units that no batch norm scales get their L2 importance instead, at the level (mean) of the
    gammas, so that they neither fall nor survive because they have none.
    """
    total, norms = np.zeros(graph.count), np.zeros(graph.count)
    for _, gamma, units in gammas(model, graph):
        np.add.at(total, units, np.abs(np.asarray(gamma, np.float64)))
        np.add.at(norms, units, 1)
    scaled = norms > 0
    level = float((total[scaled] / norms[scaled]).mean()) if scaled.any() else 1.0
    found = {}
    for name, strength in channel_importance(model, graph).items():
        units = graph.units_of(name)
        instead = level * strength / (strength.mean() or 1.0)
        found[name] = np.where(scaled[units], total[units] / np.maximum(norms[units], 1), instead)
    return found


def gammas(model: Any, graph: ChannelGraph) -> Iterator[tuple[str, Any, IntArray]]:
    """(name, gamma, units) of the batch norms that scale units which may go, in the order of the
    model; gamma: a Keras variable (channels,), units: (channels,).
    """
    free = np.zeros(graph.count, np.bool_)
    for group in graph.groups:
        free[graph.units_of(group.name)] = group.prunable
    seen = set()
    for call in calls(model):
        if call.kind != "BatchNormalization" or call.name in seen or call.name not in graph.traces:
            continue
        seen.add(call.name)
        for each in graph.traces[call.name].slices:
            weight = call.operation.weights[each.weight]
            if weight is call.operation.gamma and free[each.units].any():
                yield call.name, weight, each.units


def strongest(importance: Array, count: int) -> list[int]:
    """Indices of the `count` largest values, ascending; the earlier one of equals."""
    order = np.argsort(-importance, kind="stable")
    return sorted(int(index) for index in order[:count])


def _is_kernel(layer: Any, each: Slice) -> bool:
    """Whether a slice lies on a kernel, and not on a bias."""
    weight = layer.weights[each.weight]
    return len(weight.shape) > 1 and "bias" not in weight.name


def _strengths(kernel: Any, axis: int, norm: Norm) -> Array:
    """(size of the axis,): norm of what belongs to each index."""
    rows = np.moveaxis(np.asarray(kernel, np.float64), axis, -1)
    rows = rows.reshape(-1, rows.shape[-1])
    return np.asarray(np.linalg.norm(rows, ord=1 if norm == "l1" else 2, axis=0))
