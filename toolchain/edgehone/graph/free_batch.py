"""Models that were built for a fixed number of samples, made anew for any number."""

import logging
from typing import Any

import numpy as np

from edgehone.graph import backend
from edgehone.graph.copying import carry_state, copied
from edgehone.graph.wiring import calls, functional

_log = logging.getLogger(__name__)

_TOLERANCE = 1e-4
"""Largest error allowed, relative to the largest value of the output."""


def with_free_batch(model: Any) -> Any:
    """An equal model that takes any number of samples.

    `model` itself when it does so already, when it keeps state, takes text, or when its layers
    need the batch it was built for, which shows in what the new one computes.
    """
    if all(tensor.shape[0] is None for tensor in model.inputs) or not _can_be_tried(model):
        return model
    try:
        found = _rebuilt(model)
        return found if _computes_the_same(model, found) else model
    except Exception as error:  # layers that need the batch raise whatever they raise
        _log.debug("%s keeps its batch: %s", model.name, error)
        return model


def _can_be_tried(model: Any) -> bool:
    stateful = any(getattr(layer, "stateful", False) is True for layer in model._flatten_layers())
    return not stateful and all(str(tensor.dtype) != "string" for tensor in model.inputs)


def _rebuilt(model: Any) -> Any:
    keras, source = backend.keras(), functional(model)
    copies: dict[int, tuple[Any, Any]] = {}

    def copy(operation: Any) -> Any:
        if id(operation) not in copies:
            copies[id(operation)] = (copied(operation), operation)
        return copies[id(operation)][0]

    inputs = keras.tree.map_structure(
        lambda x: keras.Input(
            batch_shape=(None, *x.shape[1:]),
            dtype=x.dtype,
            name=x._keras_history.operation.name,
        ),
        source.input,
    )
    found = keras.models.clone_model(source, input_tensors=inputs, clone_function=copy)
    for new, old in copies.values():
        if isinstance(old, keras.Layer):
            carry_state(old, new)
    return found


def _computes_the_same(model: Any, found: Any) -> bool:
    """Whether both give the same for as many samples as the one was built for, in a batch of one
    more for the other.
    """
    if any(tensor.shape[0] is not None for call in calls(found) for tensor in call.outputs):
        return False
    size = next(int(t.shape[0]) for t in model.inputs if t.shape[0] is not None)
    random = np.random.default_rng(0)
    drawn = [_drawn(tensor, size + 1, random) for tensor in model.inputs]
    expected = _outputs(model, [x[:size] for x in drawn])
    outputs = _outputs(found, drawn)
    return all(
        np.allclose(y[:size], e, rtol=0, atol=_TOLERANCE * float(np.abs(e).max(initial=1e-9)))
        for e, y in zip(expected, outputs, strict=True)
    )


def _drawn(tensor: Any, count: int, random: np.random.Generator) -> Any:
    shape = (count, *(size or 16 for size in tensor.shape[1:]))
    if str(tensor.dtype).startswith(("int", "uint", "bool")):
        return random.integers(0, 2, shape).astype(tensor.dtype)
    return random.uniform(-1, 1, shape).astype(tensor.dtype)


def _outputs(model: Any, inputs: list[Any]) -> list[Any]:
    keras = backend.keras()
    given = keras.tree.pack_sequence_as(functional(model)._inputs_struct, inputs)
    return [np.asarray(y) for y in keras.tree.flatten(model(given, training=False))]
