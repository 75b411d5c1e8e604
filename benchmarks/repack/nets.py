"""Networks of the sizes that microcontrollers are measured with: a keyword spotter, a person
detector, an image classifier, and an autoencoder for machine sounds (Banbury et al. 2021).
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

Tensor = Any


def keywords() -> keras.Model:
    """A depthwise separable network on 49 x 10 spectra, twelve words."""
    source = keras.Input((49, 10, 1))
    x = _convolved(source, 64, (10, 4), 2)
    for _ in range(4):
        x = _separable(x, 64, 1)
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    x = layers.Dense(12, activation="softmax")(layers.Flatten()(x))
    return keras.Model(source, x, name="keywords")


def person() -> keras.Model:
    """MobileNet v1 of width 0.25 on 96 x 96 pictures, two classes."""
    source = keras.Input((96, 96, 3))
    x = _convolved(source, 8, (3, 3), 2)
    widths = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256]
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    for width, stride in zip(widths, strides, strict=True):
        x = _separable(x, width, stride)
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    x = layers.Dense(2, activation="softmax")(layers.Flatten()(x))
    return keras.Model(source, x, name="person")


def pictures() -> keras.Model:
    """A residual network of eight layers on 32 x 32 pictures, ten classes."""
    source = keras.Input((32, 32, 3))
    x = _convolved(source, 16, (3, 3), 1)
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        x = _residual(x, width, stride)
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    x = layers.Dense(10, activation="softmax")(layers.Flatten()(x))
    return keras.Model(source, x, name="pictures")


def sounds() -> keras.Model:
    """A dense autoencoder on 640 features."""
    source = keras.Input((640,))
    x = source
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(width)(x)))
    return keras.Model(source, layers.Dense(640)(x), name="sounds")


NETS: dict[str, Callable[[], keras.Model]] = {
    "keywords": keywords,
    "person": person,
    "pictures": pictures,
    "sounds": sounds,
}


def _normed(x: Tensor) -> Tensor:
    return layers.ReLU()(layers.BatchNormalization()(x))


def _convolved(x: Tensor, width: int, kernel: tuple[int, int], stride: int) -> Tensor:
    return _normed(layers.Conv2D(width, kernel, stride, padding="same")(x))


def _separable(x: Tensor, width: int, stride: int) -> Tensor:
    x = _normed(layers.DepthwiseConv2D(3, stride, padding="same")(x))
    return _normed(layers.Conv2D(width, 1, padding="same")(x))


def _residual(x: Tensor, width: int, stride: int) -> Tensor:
    y = _convolved(x, width, (3, 3), stride)
    y = layers.BatchNormalization()(layers.Conv2D(width, 3, padding="same")(y))
    if stride > 1:
        x = layers.Conv2D(width, 1, stride, padding="same")(x)
    return layers.ReLU()(layers.Add()([x, y]))
