"""Inputs on which a model of Keras 2 and what was made of it are compared; runs in the child."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ModelError

BATCH = 4
FREE_SIZES = {1: 16, 2: 16, 3: 64, 4: 16}
"""Size given to free dimensions, by how many dimensions a sample has: sequences, images."""
SEED = 3


def draw(model: Any) -> list[list[NDArray[Any]]]:
    """Two batches for all inputs of a tf_keras model: of both signs, and positive alone.

    Inputs that are looked up in an embedding are numbers it has.
    """
    random = np.random.default_rng(SEED)
    return [
        [_batch(tensor, _entries(tensor), random, low) for tensor in model.inputs]
        for low in (-1.0, 0.0)
    ]


def _batch(
    tensor: Any, entries: int | None, random: np.random.Generator, low: float
) -> NDArray[Any]:
    if tensor.dtype.name == "string":
        raise _takes_text(tensor)
    batch, *sample = tensor.shape
    free = FREE_SIZES.get(len(sample), 4)
    shape = (batch or BATCH, *(size or free for size in sample))
    if entries is not None:
        return random.integers(0, entries, shape).astype(tensor.dtype.name)
    if tensor.dtype.is_integer or tensor.dtype.is_bool:
        return random.integers(0, 2, shape).astype(tensor.dtype.name)
    return random.uniform(low, 1.0, shape).astype(tensor.dtype.name)


def _takes_text(tensor: Any) -> ModelError:
    readers = [layer for layer, _ in _consumers(tensor)]
    kinds = ", ".join(f"{layer.name!r} ({type(layer).__name__})" for layer in readers)
    return ModelError(
        f"The model takes text (input {tensor.name!r}), and the runtimes of devices have no such "
        f"layer as {kinds or 'it needs'}.",
        f"Cut the model behind {', '.join(repr(layer.name) for layer in readers) or 'it'}, and "
        "give it the token numbers that the layer makes; the app makes them of the text.",
    )


def _entries(tensor: Any) -> int | None:
    """How many numbers the embeddings know that look this tensor up; None without any."""
    found = []
    for layer, outputs in _consumers(tensor):
        if type(layer).__name__ == "Embedding":
            found.append(int(layer.input_dim))
        elif hasattr(layer, "layers"):
            inside = layer.inputs if not hasattr(layer, "layer") else []
            found += [entries for each in inside if (entries := _entries(each)) is not None]
        elif not layer.weights:
            deeper = (_entries(output) for output in outputs)
            found += [entries for entries in deeper if entries is not None]
    return min(found) if found else None


def _consumers(tensor: Any) -> Iterable[tuple[Any, list[Any]]]:
    import tensorflow as tf

    from edgehone.graph.legacy.wrappers import inner

    maker = tensor._keras_history.layer
    for node in maker.outbound_nodes:
        if any(each is tensor for each in node.keras_inputs):
            yield inner(node.layer), tf.nest.flatten(node.outputs)


def spread(values: NDArray[Any], most: int) -> NDArray[Any]:
    """At most `most` of the values, at places spread evenly over the flat array."""
    flat = values.reshape(-1)
    places = np.unique(np.linspace(0, max(flat.size - 1, 0), min(flat.size, most)).astype(int))
    return np.asarray(flat[places])
