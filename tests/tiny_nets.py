"""Tiny Keras models and data that techniques are tried on."""

from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.data import DataSet, Split
from edgehone.graph import backend
from edgehone.values import Progress, Task, silent

SIDE, CLASSES = 8, 3


def residual_net(width: int = 8, *, activation: str = "softmax", seed: int = 1) -> Any:
    """(8, 8, 1) -> 3 classes: a stem, one residual block, pooling, a dense head."""
    keras = backend.keras()
    backend.seed(seed)
    layers = keras.layers
    x = inputs = keras.Input((SIDE, SIDE, 1), name="image")
    x = layers.Conv2D(width, 3, 2, "same", use_bias=False, name="stem")(x)
    x = y = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    y = layers.Conv2D(width * 2, 3, padding="same", activation="relu", name="a")(y)
    y = layers.Conv2D(width, 3, padding="same", use_bias=False, name="b")(y)
    x = layers.Add(name="add")([x, layers.BatchNormalization(name="b_bn")(y)])
    x = layers.GlobalAveragePooling2D(name="pool")(layers.ReLU(name="last")(x))
    return keras.Model(inputs, layers.Dense(CLASSES, activation=activation, name="head")(x))


def depthwise_net(width: int = 8, *, seed: int = 1) -> Any:
    """(8, 8, 1) -> 3 classes: a stem, two depthwise separable blocks, pooling, a dense head."""
    keras = backend.keras()
    backend.seed(seed)
    layers = keras.layers
    x = inputs = keras.Input((SIDE, SIDE, 1), name="image")
    x = layers.Conv2D(width, 3, 2, "same", use_bias=False, name="stem")(x)
    x = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    for number in (1, 2):
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"deep{number}")(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization(name=f"deep{number}_bn")(x))
        x = layers.Conv2D(width * 2, 1, use_bias=False, name=f"point{number}")(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization(name=f"point{number}_bn")(x))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", name="head")(x))


def dense_net(hidden: int, outputs: int, activation: str, *, seed: int = 1) -> Any:
    """(8, 8, 1) -> outputs, with one hidden layer; Sequential."""
    keras = backend.keras()
    backend.seed(seed)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1), name="image"),
            layers.Flatten(name="flat"),
            layers.Dense(hidden, activation="relu", name="hidden"),
            layers.Dense(outputs, activation=activation, name="head"),
        ]
    )


def two_inputs() -> Any:
    """A model that adds two inputs, which no device takes."""
    keras = backend.keras()
    sources = [keras.layers.Input((3,), name=name) for name in ("left", "right")]
    return keras.Model(sources, keras.layers.Dense(2)(keras.layers.Add()(sources)))


def any_size() -> Any:
    """A model of images of any size, which no device takes."""
    keras = backend.keras()
    layers = keras.layers
    stack = [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    return keras.Sequential([layers.Input((None, None, 1)), *stack])


def images(count: int = 96, *, seed: int = 0) -> Split:
    """Noisy images of three kinds: brighter at the left, the right, or in the middle row."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % CLASSES
    x = rng.normal(0, 0.5, (count, SIDE, SIDE, 1)).astype(np.float32)
    x[y == 0, :, :4] += 1
    x[y == 1, :, 4:] += 1
    x[y == 2, 3:5] += 1
    return Split(x, y)


def context(
    teacher: Any = None,
    *,
    train: Split | None = None,
    task: Task | None = None,
    progress: Progress = silent,
    teacher_outputs_bytes: int = 2**20,
) -> TrainingContext:
    """A context on the images, or on `train`."""
    train = train or images()
    data = DataSet(train, train, train, "made up", "0" * 64, CLASSES)
    return TrainingContext(teacher, data, task or Task(), 3, progress, teacher_outputs_bytes)


def outputs(model: Any, x: Any) -> Any:
    """What a model answers, as an array."""
    return np.asarray(model(x, training=False))


def accuracy(model: Any, split: Split) -> float:
    """Fraction of samples whose largest output is their label."""
    return float((outputs(model, split.x).argmax(-1) == split.y).mean())
