"""Copies of Keras models, so that what a technique was given stays as it was."""

from collections.abc import Iterator
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.rewrite import rewrite
from edgehone.graph.wiring import functional


def trainable_copy(model: Any) -> Any:
    """A copy with the same state in which every layer trains, also those that were frozen. What a
    layer holds as no weight of its own to train (statistics of the data) does not become one.

    Raises ModelError for models without a graph.
    """
    copy = rewrite(model, lambda _: None)
    # One by one: a model that counts as trainable passes nothing on to layers that are frozen.
    copy.trainable = True
    for layer in inner_layers(copy):
        layer.trainable = True
    return copy


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
