"""A teacher and a student for samples of any shape: convolutions that halve the resolution."""

from typing import Any

from edgehone.graph.backend import keras, seed

TEACHER = (24, 48, 64)
STUDENT = (8, 12, 16)
"""Channels of the blocks."""


def network(widths: tuple[int, ...], shape: tuple[int, ...], classes: int, number: int) -> Any:
    """An untrained net; shape: of a sample, with its channels; number: the seed of its weights."""
    seed(number)
    layers = keras().layers
    flat = len(shape) == 2
    convolution = layers.Conv1D if flat else layers.Conv2D
    pool = layers.GlobalAveragePooling1D if flat else layers.GlobalAveragePooling2D
    sample = layers.Input(shape, name="sample")
    x = sample
    for index, width in enumerate(widths):
        x = convolution(width, 5 if flat else 3, 2, "same", use_bias=False, name=f"conv{index}")(x)
        x = layers.BatchNormalization(name=f"norm{index}")(x)
        x = layers.ReLU(name=f"relu{index}")(x)
    scores = layers.Dense(classes, activation="softmax", name="scores")(pool(name="pool")(x))
    return keras().Model(sample, scores)
