"""A Keras model as one TensorFlow function of numbered inputs, its layers called by tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgehone.errors import ConversionError
from edgehone.formats._traced import INPUT_PREFIX, KerasLayer, KerasNames, token
from edgehone.graph import backend

_RATES = ("dropout", "recurrent_dropout")
_PENALTY = "activity_regularizer"


def flattened(model: Any) -> Any:
    """The model with lists for inputs and outputs, whatever structure (dicts) it was built with.

    It shares the layers. Converters know lists only.
    """
    return backend.keras().Model(list(model.inputs), list(model.outputs), name=model.name)


def keras_names(model: Any) -> KerasNames:
    """Layers with their kernels, inputs in order, and the layers that make the outputs."""
    return KerasNames(
        tuple(KerasLayer(layer.name, _kernels(layer)) for layer in flat_layers(model)),
        tuple(tensor._keras_history.operation.name for tensor in model.inputs),
        tuple(tensor._keras_history.operation.name for tensor in model.outputs),
    )


@contextmanager
def without_training(model: Any) -> Iterator[None]:
    """Inside the block no layer draws dropout masks or adds to a loss, however deep it lies; both
    are for training, but Keras traces them in any case: recurrent cells make their masks, and
    every layer computes its `activity_regularizer`, which no converter takes.
    """
    usual = [
        (layer, setting, getattr(layer, setting))
        for layer in model._flatten_layers()
        for setting in _training_settings(layer)
        if getattr(layer, setting)
    ]
    for layer, setting, _ in usual:
        setattr(layer, setting, None if setting == _PENALTY else 0.0)
    try:
        yield
    finally:
        for layer, setting, value in usual:
            setattr(layer, setting, value)


@contextmanager
def tokens(model: Any) -> Iterator[KerasNames]:
    """Every layer called by its token inside the block, and by its own name again afterwards."""
    names = keras_names(model)
    layers = flat_layers(model)
    for index, layer in enumerate(layers):
        layer.name = token(index)
    try:
        yield names
    finally:
        for layer, known in zip(layers, names.layers, strict=True):
            layer.name = known.name


def flat_layers(model: Any) -> list[Any]:
    """All layers, those inside nested models too, in a fixed order."""
    found = []
    for layer in model.layers:
        found += [layer, *(flat_layers(layer) if hasattr(layer, "layers") else [])]
    return found


def traced(model: Any, batch: int | None) -> Any:
    """The flattened model as a tf.function of inputs called by their number; batch None: free."""
    import tensorflow as tf

    signature = [
        tf.TensorSpec(shape, tensor.dtype, name=f"{INPUT_PREFIX}{number}")
        for number, (shape, tensor) in enumerate(
            zip(_shapes(model, batch), model.inputs, strict=True)
        )
    ]

    def run(*tensors: Any) -> Any:
        return model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)

    return tf.function(run, input_signature=signature, autograph=False)


def _shapes(model: Any, batch: int | None) -> list[tuple[int | None, ...]]:
    """The inputs' shapes with the batch that files are to have; all else must be fixed."""
    shapes = []
    for tensor in model.inputs:
        name, sample = tensor.name, tuple(tensor.shape[1:])
        if None in sample:
            raise ConversionError(
                f"Input {name!r} has no fixed size: {sample}.",
                "Build the model with a fixed input shape; devices run one shape.",
            )
        built = tensor.shape[0]
        if built is not None and built != batch:
            raise ConversionError(
                f"Input {name!r} was built for a batch of {built}, not for "
                f"{'a free one' if batch is None else batch}.",
                "Ask for that batch, or build the model without batch_size.",
            )
        shapes.append((batch, *sample))
    return shapes


def _training_settings(layer: Any) -> tuple[str, ...]:
    """What of a layer is for training alone, and traced all the same."""
    rates = hasattr(layer, "get_dropout_mask") and hasattr(layer, "get_recurrent_dropout_mask")
    return (*(_RATES if rates else ()), *((_PENALTY,) if hasattr(layer, _PENALTY) else ()))


def _kernels(layer: Any) -> tuple[Any, ...]:
    if getattr(layer, "layers", None):
        return ()
    arrays = [np.asarray(weight) for weight in layer.get_weights()]
    return tuple(array for array in arrays if array.ndim >= 2)
