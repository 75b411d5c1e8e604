"""The teacher: a residual network for 28 x 28 images, of 16, 24 and 32 channels."""

from typing import Any

from edgehone.graph.backend import keras, seed

WIDTHS = (16, 24, 32)
"""Channels of the three blocks; each but the first halves the resolution."""


def network(number: int) -> Any:
    """The untrained teacher (He et al. 2016, version 1, one block a stage); number: its seed."""
    seed(number)
    layers = keras().layers
    image = layers.Input((28, 28, 1), name="image")
    x = _conv(image, "stem", WIDTHS[0], kernel=3)
    x = layers.ReLU(name="stem_relu")(x)
    for index, width in enumerate(WIDTHS):
        x = _block(x, f"block{index + 1}", width, 2 if index else 1)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    scores = layers.Dense(10, activation="softmax", name="article")(x)
    return keras().Model(image, scores, name="fashion")


def _block(x: Any, name: str, width: int, stride: int) -> Any:
    layers = keras().layers
    y = _conv(x, f"{name}_conv1", width, kernel=3, stride=stride)
    y = layers.ReLU(name=f"{name}_relu1")(y)
    y = _conv(y, f"{name}_conv2", width, kernel=3)
    if x.shape[-1] != width:
        x = _conv(x, f"{name}_short", width, kernel=1, stride=stride)
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))


def _conv(x: Any, name: str, width: int, *, kernel: int, stride: int = 1) -> Any:
    layers = keras().layers
    made = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False, name=name)(x)
    return layers.BatchNormalization(name=f"{name}_norm")(made)
