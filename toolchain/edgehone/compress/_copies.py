"""Copies of Keras models, so that what a technique was given stays as it was."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from edgehone.compress.training.options import FROZEN
from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.rewrite import rewrite
from edgehone.graph.wiring import functional


def trainable_copy(model: Any, frozen: str = FROZEN[0]) -> Any:
    """A copy with the same state. frozen: whether layers that do not train in the model "stay" so,
    or "train"; where no layer would, all do. What a layer holds as no weight of its own to train
    (statistics of the data) does not become one.

    Raises ModelError for models without a graph.
    """
    copy = rewrite(model, lambda _: None)
    layers = list(inner_layers(copy))
    stays = [layer for layer in layers if not layer.trainable]
    # One by one: a model that counts as trainable passes nothing on to layers that are frozen.
    for layer in (copy, *layers):
        layer.trainable = True
    if frozen == FROZEN[0]:
        for layer in stays:
            layer.trainable = False
        if not copy.trainable_variables:
            for layer in layers:
                layer.trainable = True
    return copy


def release_changed(before: Any, after: Any) -> None:
    """Let layers of `after` train that are frozen and differ from those of `before`, also where
    those were frozen: what was cut has to recover.
    """
    known = {layer.name: layer for layer in inner_layers(before)}
    for layer in inner_layers(after):
        if layer.trainable or isinstance(layer, backend.keras().Model):
            continue
        if layer.weights and not _same(known.get(layer.name), layer):
            layer.trainable = True


def freeze_again(before: Any, after: Any, but: Collection[str]) -> None:
    """Freeze the layers of `after` that were frozen in `before`, but for those of the names in
    `but`; of "attention/query" that is the layer that it lies in.
    """
    changed = {name.partition("/")[0] for name in but}
    frozen = {layer.name for layer in inner_layers(before) if not layer.trainable} - changed
    for layer in inner_layers(after):
        if layer.name in frozen and not isinstance(layer, backend.keras().Model):
            layer.trainable = False


def _same(one: Any, other: Any) -> bool:
    if one is None or len(one.weights) != len(other.weights):
        return False
    return all(map(np.array_equal, one.get_weights(), other.get_weights()))


def inner_layers(model: Any) -> Iterator[Any]:
    """All layers of a model, those of models inside it included."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, backend.keras().Model):
            yield from inner_layers(layer)


def single_tensors(model: Any) -> tuple[Any, Any]:
    """The model's one input and one output tensor; raises ModelError when it has more, or none
    because it is a subclassed one.
    """
    functional(model)
    for what, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            raise ModelError(
                f"Model {model.name!r} has {len(tensors)} {what}; training takes one.",
                "Train a model with one input and one output, or leave the training steps out.",
            )
    return model.inputs[0], model.outputs[0]
