"""The contest's networks, for Keras 3 and tf_keras alike."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Net = Callable[[Any, Any, tuple[int, ...], int], Any]
"""(layers, Model, shape of a sample, classes) -> an untrained network; layers and Model are those
of Keras or tf_keras."""


def residual(layers: Any, model: Any, shape: tuple[int, ...], classes: int) -> Any:
    """Three residual blocks of 16, 32 and 64 channels (He et al. 2016, version 1)."""
    x = image = layers.Input(shape, name="image")
    x = _normed(layers, layers.Conv2D(16, 3, name="stem", **_SAME), x)
    for number, width in enumerate((16, 32, 64)):
        name, stride = f"block{number}", 2 if number else 1
        conv = layers.Conv2D(width, 3, strides=stride, name=f"{name}_conv1", **_SAME)
        y = _normed(layers, conv, x)
        y = _normed(layers, layers.Conv2D(width, 3, name=f"{name}_conv2", **_SAME), y, relu=False)
        if number:
            short = layers.Conv2D(width, 1, strides=stride, name=f"{name}_short", **_SAME)
            x = _normed(layers, short, x, relu=False)
        x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return model(image, layers.Dense(classes, activation="softmax", name="label")(x))


def keyword(layers: Any, model: Any, shape: tuple[int, ...], classes: int) -> Any:
    """A depthwise-separable net for spoken words (Zhang et al. 2017, "Hello Edge", DS-CNN)."""
    x = sound = layers.Input(shape, name="sound")
    x = _normed(layers, layers.Conv2D(32, 3, strides=2, name="stem", **_SAME), x)
    for number, width in enumerate((32, 48, 64)):
        name, stride = f"block{number}", 2 if number == 1 else 1
        depthwise = layers.DepthwiseConv2D(3, strides=stride, name=f"{name}_depthwise", **_SAME)
        x = _normed(layers, depthwise, x)
        x = _normed(layers, layers.Conv2D(width, 1, name=f"{name}_pointwise", **_SAME), x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return model(sound, layers.Dense(classes, activation="softmax", name="label")(x))


def series(layers: Any, model: Any, shape: tuple[int, ...], classes: int) -> Any:
    """Three 1-D convolutions over a window of measurements."""
    x = window = layers.Input(shape, name="window")
    for number, width in enumerate((24, 32, 48)):
        conv = layers.Conv1D(width, 5, strides=2 if number else 1, name=f"conv{number}", **_SAME)
        x = _normed(layers, conv, x)
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    return model(window, layers.Dense(classes, activation="softmax", name="label")(x))


def series_in_2d(layers: Any, model: Any, shape: tuple[int, ...], classes: int) -> Any:
    """The network of `series` in 2-D layers that compute the same, for tools without 1-D ones."""
    window = layers.Input(shape, name="window")
    x = layers.Reshape((1, *shape), name="row")(window)
    for number, width in enumerate((24, 32, 48)):
        stride = (1, 2 if number else 1)
        conv = layers.Conv2D(width, (1, 5), strides=stride, name=f"conv{number}", **_SAME)
        x = _normed(layers, conv, x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return model(window, layers.Dense(classes, activation="softmax", name="label")(x))


NETS: Mapping[str, Net] = {"residual": residual, "keyword": keyword, "series": series}

_SAME: Mapping[str, Any] = {"padding": "same", "use_bias": False}


def _normed(layers: Any, layer: Any, x: Any, *, relu: bool = True) -> Any:
    x = layers.BatchNormalization(name=f"{layer.name}_norm")(layer(x))
    return layers.ReLU(name=f"{layer.name}_relu")(x) if relu else x


def keep(model: Any, file: Path) -> None:
    """Write a model's weights to an .npz file, by layer and position."""
    arrays = {
        f"{layer.name}/{number}": array
        for layer in model.layers
        for number, array in enumerate(layer.get_weights())
    }
    np.savez(file, allow_pickle=False, **arrays)


def take(model: Any, file: Path) -> None:
    """Give a model of the same architecture the weights that `keep` wrote; kernels of 1-D layers
    fit 2-D ones of height 1.
    """
    with np.load(file, allow_pickle=False) as arrays:
        for layer in model.layers:
            known = layer.get_weights()
            found = [arrays[f"{layer.name}/{number}"] for number in range(len(known))]
            pairs = zip(found, known, strict=True)
            layer.set_weights([array.reshape(weight.shape) for array, weight in pairs])
