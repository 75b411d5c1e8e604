"""How strongly each channel speaks, by the magnitude of the weights that make it."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgehone.graph import roles
from edgehone.graph.fold import foldable_norms, folded_weights
from edgehone.graph.groups import ChannelGraph

Array = NDArray[np.float64]
Norm = Literal["l1", "l2"]


def channel_importance(model: Any, graph: ChannelGraph, norm: Norm = "l2") -> Mapping[str, Array]:
    """Group name -> (channels,) importance >= 0 of its units, for all prunable groups.

    The L1 or L2 norm of the kernel slices that make a channel (Li 2017, section 3.1), with batch
    norms folded in, each layer's divided by their mean so that layers count alike; summed over
    the layers of the group.
    """
    norms = foldable_norms(model)
    count = 1 + max((int(units.max()) for units in graph.units if len(units)), default=0)
    total = np.zeros(count)
    prunable = [group for group in graph.groups if group.prunable]
    for name in dict.fromkeys(name for group in prunable for name in group.layers):
        layer = model.get_layer(name)
        strength = _strengths(layer, norms.get(name), norm)
        np.add.at(total, graph.outputs[name], strength / (strength.mean() or 1.0))
    return {group.name: total[graph.units_of(group.name)] for group in prunable}


def strongest(importance: Array, count: int) -> list[int]:
    """Indices of the `count` largest values, ascending; the earlier one of equals."""
    order = np.argsort(-importance, kind="stable")
    return sorted(int(index) for index in order[:count])


def _strengths(layer: Any, batch_norm: Any, norm: Norm) -> Array:
    """(outputs,): norm of each output channel's kernel slice."""
    kind = type(layer).__name__
    weights = [np.asarray(weight) for weight in layer.weights]
    names = [weight.name for weight in layer.weights]
    if batch_norm is not None:
        weights = folded_weights(layer, batch_norm)
    name, axis = next(
        (name, axis)
        for name, axes in roles.AXES[kind].items()
        for axis, role in axes.items()
        if role == roles.OUTPUT and name != "bias"
    )
    kernel = np.moveaxis(weights[names.index(name)].astype(np.float64), axis, -1)
    rows = kernel.reshape(-1, kernel.shape[-1])
    return np.asarray(np.linalg.norm(rows, ord=1 if norm == "l1" else 2, axis=0))
