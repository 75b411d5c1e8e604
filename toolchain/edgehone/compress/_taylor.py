"""What the loss would lose without a channel, by its first-order Taylor expansion."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.compress._views import View, view_of
from edgehone.compress.training.fitting import hard_loss, targets_of
from edgehone.data import Array, Split
from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.ledger import MAKES, READS, Slice
from edgehone.graph.wiring import calls
from edgehone.values import Task

BATCH = 32
"""Samples a gradient is taken over, before it is squared."""

Places = Sequence[tuple[Any, Slice, Array]]
"""Keras variables, which units lie on an axis of each, and (size of the axis,) whose count."""


def taylor_importance(
    model: Any, graph: ChannelGraph, split: Split, task: Task, samples: int = 512, seed: int = 0
) -> Mapping[str, Array]:
    """Group name -> (channels,) mean over batches of (dE/dz)^2 >= 0, for all prunable groups.

    z is a gate, 1 now, on everything that reads the unit: closing it removes the unit exactly, so
    the derivative is the loss's first-order change (Molchanov et al. 2019, eq. 7 to 9, with gates
    as in section 3.2; here at the readers, where no batch norm is needed and the layers of a
    residual group are judged together). It is the sum of g w over the weights w that read the
    unit, or make it where none reads it, g = dE/dw. E is the task's own loss on up to `samples`
    of `split`, drawn by `seed`; dropout is off, batch norms use what they know. Units without any
    such weight get the mean of the others.

    Raises ModelError for a model with several inputs or outputs.
    """
    view = view_of(model, task, split.x)
    places, known = _places(model, graph, view)
    gradients = _gradients_of(view, places, task)
    batches = _batches(split, samples, seed)
    total = np.zeros(graph.count)
    for x, y in batches:
        total += _by_unit(places, gradients(x, y), graph.count) ** 2 / len(batches)
    total[~known] = total[known].mean() if known.any() else 1.0
    return {
        group.name: total[graph.units_of(group.name)] for group in graph.groups if group.prunable
    }


def _places(model: Any, graph: ChannelGraph, view: View) -> tuple[Places, Array]:
    """Weights that stand for units, and (units,) whether any does; those that read them first."""
    layers = {call.name: call.operation for call in calls(model) if call.name in graph.traces}
    known, places = np.zeros(graph.count, np.bool_), []
    for role in (READS, MAKES):
        counts = ~known
        for name, layer in layers.items():
            for each in graph.traces[name].slices:
                if each.role == role and counts[each.units].any():
                    owner = layer if layer is not view.head else view.twin
                    places.append((owner.weights[each.weight], each, counts[each.units]))
                    known[each.units] = True
    return places, known


def _gradients_of(view: View, places: Places, task: Task) -> Callable[[Array, Array], Any]:
    """dE/dw of the places' weights for a batch (n, *shape) and its targets."""
    import tensorflow as tf

    net = backend.keras().Model(view.inputs, view.tensor)
    loss, weights = hard_loss(task), [weight.value for weight, _, _ in places]

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator] # TensorFlow is untyped
    def gradients(x: Any, y: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            value = loss(y, net(x, training=False))
        found = tape.gradient(value, weights, unconnected_gradients="zero")
        return [tf.convert_to_tensor(each) for each in found]

    return lambda x, y: gradients(x, targets_of(Split(x, y), view.tensor, task))


def _by_unit(places: Places, gradients: Sequence[Any], units: int) -> Array:
    """(units,): sum of g w over the weights of each unit, in float64."""
    total = np.zeros(units)
    for (weight, each, counts), gradient in zip(places, gradients, strict=True):
        product = np.asarray(gradient, np.float64) * np.asarray(weight, np.float64)
        others = tuple(axis for axis in range(product.ndim) if axis != each.axis)
        np.add.at(total, each.units, product.sum(axis=others) * counts)
    return total


def _batches(split: Split, samples: int, seed: int) -> Sequence[tuple[Array, Array]]:
    """Drawn without replacement; without a last one that is not full, unless it is the only one."""
    rows = np.random.default_rng(seed).permutation(len(split))[:samples]
    size = min(BATCH, len(rows))
    parts = [rows[i : i + size] for i in range(0, len(rows) - size + 1, size)]
    return [(split.x[part], split.y[part]) for part in parts]
