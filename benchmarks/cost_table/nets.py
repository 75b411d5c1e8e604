"""Networks drawn at random: what a search builds, in three families and many widths."""

from collections.abc import Callable
from typing import Any

import numpy as np

from edgehone.graph.backend import keras, seed

WIDTHS = tuple(range(8, 72, 8))
INPUTS = ((32, 32, 3), (28, 28, 1), (48, 10, 1))
CLASSES = 10

Random = np.random.Generator


def net(number: int) -> Any:
    """The network of this number: the same every time."""
    seed(number)
    random = np.random.default_rng(number)
    layers = keras().layers
    x = start = keras().Input(INPUTS[random.integers(len(INPUTS))], name="input")
    x = _conv(x, _width(random), 3, int(random.integers(1, 3)))
    block = (_residual, _separable, _plain)[number % 3]
    for _ in range(int(random.integers(2, 6))):
        x = block(x, random)
    x = layers.GlobalAveragePooling2D()(x)
    if random.random() < 0.5:
        x = layers.Dense(_width(random), activation="relu")(x)
    return keras().Model(start, layers.Dense(CLASSES, activation="softmax")(x), name=f"net{number}")


def _width(random: Random) -> int:
    return int(WIDTHS[random.integers(len(WIDTHS))])


def _conv(x: Any, width: int, kernel: int, stride: int = 1, *, relu: bool = True) -> Any:
    layers = keras().layers
    x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x) if relu else x


def _residual(x: Any, random: Random) -> Any:
    """Two convolutions and a shortcut, which has one of its own where shapes differ."""
    layers = keras().layers
    width, inner, stride = _width(random), _width(random), int(random.integers(1, 3))
    y = _conv(_conv(x, inner, 3, stride), width, 3, relu=False)
    if stride > 1 or x.shape[-1] != width:
        x = _conv(x, width, 1, stride, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _separable(x: Any, random: Random) -> Any:
    layers = keras().layers
    x = layers.DepthwiseConv2D(3, int(random.integers(1, 3)), padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    return _conv(x, _width(random), 1)


def _plain(x: Any, random: Random) -> Any:
    """A convolution, and a pooling half of the time while there is something to pool."""
    layers = keras().layers
    x = _conv(x, _width(random), 3)
    if random.random() < 0.5 and min(x.shape[1:3]) >= 4:
        pool: Callable[..., Any] = (
            layers.MaxPooling2D if random.random() < 0.5 else (layers.AveragePooling2D)
        )
        x = pool(2)(x)
    return x
