"""The network and the data of this study, for Keras 3 and tf_keras alike."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SHAPE = (40, 20, 1)
"""40 frames of 20 log-mel energies."""


def network(layers: Any, model: Any, widths: tuple[int, ...]) -> Any:
    """A depthwise-separable net for spoken words (Zhang et al. 2017, "Hello Edge", DS-CNN).

    layers, model: `keras.layers` and `keras.Model`, or those of tf_keras; widths: channels of the
    stem and of each block, the second of which halves the resolution once more.
    """

    def normed(x: Any, name: str) -> Any:
        return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))

    options = {"padding": "same", "use_bias": False}
    x = sound = layers.Input(SHAPE, name="sound")
    x = normed(layers.Conv2D(widths[0], 3, strides=2, name="stem", **options)(x), "stem")
    for number, width in enumerate(widths[1:]):
        name, stride = f"block{number}", 2 if number == 1 else 1
        depthwise = layers.DepthwiseConv2D(3, strides=stride, name=f"{name}_depthwise", **options)
        x = normed(depthwise(x), f"{name}_depthwise")
        pointwise = layers.Conv2D(width, 1, name=f"{name}_pointwise", **options)
        x = normed(pointwise(x), f"{name}_pointwise")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return model(sound, layers.Dense(10, activation="softmax", name="digit")(x))


def sounds(file: Path) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """(x, y) to train with and to test with: x (n, 40, 20, 1) in [0, 1], y (n,) labels."""
    with np.load(file, allow_pickle=False) as data:
        parts = [(data[f"x_{part}"], data[f"y_{part}"]) for part in ("train", "test")]
    scaled = [(x.astype(np.float32)[..., None] / 255, y.astype(np.int64)) for x, y in parts]
    return scaled[0], scaled[1]


def keep(model: Any, file: Path) -> None:
    """Write a model's weights to an .npz file, by layer and position."""
    arrays = {
        f"{layer.name}/{i}": array
        for layer in model.layers
        for i, array in enumerate(layer.get_weights())
    }
    np.savez(file, **arrays)


def take(model: Any, file: Path) -> None:
    """Give a model of the same architecture the weights that `keep` wrote."""
    with np.load(file, allow_pickle=False) as arrays:
        for layer in model.layers:
            found = [arrays[f"{layer.name}/{i}"] for i in range(len(layer.get_weights()))]
            layer.set_weights(found)
