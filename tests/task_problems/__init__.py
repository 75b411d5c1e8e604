"""A small problem for each kind of task: one file a kind, as in `edgehone.tasks.kinds`."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.data import load
from edgehone.system.references import bare

Array = NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """Samples x (n, 8, 8, 1) from 0 to 16, targets y as the kind has them, outputs that score
    best, and a network that learns them from x / 16.
    """

    x: Array
    y: Array
    perfect: Array
    network: Callable[[], Any]
    epochs: int = 4


def problem_of(kind: str) -> Problem:
    """The problem of a kind, from the file of its name."""
    return _file(kind).problem()  # type: ignore[no-any-return]


def kind_for(name: str) -> str:
    """A kind with the settings that its problem needs."""
    return getattr(_file(name), "KIND", name)


def _file(kind: str) -> Any:
    return importlib.import_module(f"{__name__}.{bare(kind)}")


def digits(count: int = 700) -> tuple[Array, Array]:
    """Handwritten digits (count, 8, 8, 1) and their labels."""
    found = load("digits").train
    return found.x[:count].reshape(-1, 8, 8, 1), found.y[:count]


def body() -> tuple[Any, Any]:
    """The input and the features of a small network, its weights always the same."""
    from edgehone.graph import backend

    backend.seed(3)
    layers = backend.keras().layers
    x = image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv1")(x)
    x = layers.ReLU(name="relu1")(layers.BatchNormalization(name="norm1")(x))
    return image, layers.Conv2D(32, 3, 2, "same", activation="relu", name="conv2")(x)


def pooled(columns: int, activation: str) -> Any:
    """A small network with one row of answers a sample."""
    from edgehone.graph import backend

    layers = backend.keras().layers
    image, x = body()
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return backend.keras().Model(image, layers.Dense(columns, activation, name="answer")(x))


def dense(columns: int, activation: str) -> Any:
    """A small network with a row of answers for each pixel."""
    from edgehone.graph import backend

    layers = backend.keras().layers
    image, x = body()
    x = layers.UpSampling2D(name="up")(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv3")(x)
    x = layers.Conv2D(columns, 3, padding="same", name="scores")(x)
    x = layers.Activation(activation, name="answer")(x)
    return backend.keras().Model(image, x)


def one_hot(labels: Array, classes: int) -> Array:
    """Probabilities (n, ..., classes) that are sure of the labels."""
    return np.eye(classes, dtype=np.float32)[labels]


def rows(columns: int, activation: str) -> Any:
    """A small network with a row of answers for each row of pixels."""
    from edgehone.graph import backend

    layers = backend.keras().layers
    image, x = body()
    x = layers.Reshape((8, -1), name="rows")(layers.UpSampling2D(name="up")(x))
    return backend.keras().Model(image, layers.Dense(columns, activation, name="answer")(x))


def flattened(columns: int) -> Any:
    """A small network with one row of numbers a sample, which knows where things are."""
    from edgehone.graph import backend

    layers = backend.keras().layers
    image, x = body()
    x = layers.Flatten(name="flat")(x)
    return backend.keras().Model(image, layers.Dense(columns, name="answer")(x))
