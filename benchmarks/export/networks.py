"""The untrained networks that are exported: what converting costs depends on their layers alone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = 1000


def residual(layers: Any) -> tuple[Any, Any]:
    """A residual net for 32 x 32 colour images, 78,330 weights."""
    x = image = layers.Input((32, 32, 3))
    x = _normed(layers, layers.Conv2D(16, 3, padding="same", use_bias=False)(x))
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        kind = {"padding": "same", "use_bias": False}
        y = _normed(layers, layers.Conv2D(width, 3, strides=stride, **kind)(x))
        y = layers.BatchNormalization()(layers.Conv2D(width, 3, **kind)(y))
        if stride > 1:
            x = layers.Conv2D(width, 1, strides=stride, use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return image, layers.Dense(10, activation="softmax")(x)


def separable(layers: Any) -> tuple[Any, Any]:
    """A depthwise-separable net for spectrograms of 40 x 20 (Zhang et al. 2017, "Hello Edge")."""
    x = sound = layers.Input((40, 20, 1))
    x = _normed(layers, layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x))
    for width, stride in ((24, 1), (32, 2), (48, 1)):
        kind = {"padding": "same", "use_bias": False}
        x = _normed(layers, layers.DepthwiseConv2D(3, strides=stride, **kind)(x))
        x = _normed(layers, layers.Conv2D(width, 1, **kind)(x))
    x = layers.GlobalAveragePooling2D()(x)
    return sound, layers.Dense(10, activation="softmax")(x)


NETWORKS: Mapping[str, Callable[[Any], tuple[Any, Any]]] = {
    "residual": residual,
    "separable": separable,
}


def write(name: str, folder: Path) -> tuple[Path, Path]:
    """NAME.keras and NAME.npz, random samples to calibrate with, in `folder`; made once."""
    model, data = folder / f"{name}.keras", folder / f"{name}.npz"
    if not model.exists() or not data.exists():
        from edgehone.graph import backend

        backend.seed(1)
        keras = backend.keras()
        made = keras.Model(*NETWORKS[name](keras.layers))
        random = np.random.default_rng(0)
        x = random.random((SAMPLES, *made.inputs[0].shape[1:]), dtype=np.float32)
        np.savez(data, x=x, y=random.integers(0, 10, SAMPLES))
        made.save(model)
    return model, data


def _normed(layers: Any, x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization()(x))
