"""Small Keras networks that tests share, with weights that make every channel matter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph import backend

SHAPE = (12, 12, 3)


def images(count: int = 4, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> NDArray[np.float32]:
    """Random inputs (count, *shape)."""
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)


def shaken(model: Any, seed: int = 0) -> Any:
    """The model with random weights in place, statistics and biases included."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "variance" in weight.name:
            weight.assign(rng.uniform(0.5, 2.0, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(np.asarray(weight) + rng.normal(0, 0.2, weight.shape))
        else:
            weight.assign(rng.normal(0, np.prod(weight.shape[:-1]) ** -0.5, weight.shape))
    return model


def residual_net(widths: tuple[int, ...] = (8, 12, 16), activation: str = "linear") -> Any:
    """A stem, one block a width (strided shortcuts), batch norms, pooling, ten outputs."""
    layers = backend.keras().layers
    inputs = layers.Input(SHAPE, name="image")
    x = layers.Conv2D(widths[0], 3, padding="same", use_bias=False, name="stem")(inputs)
    x = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_norm")(x))
    for number, width in enumerate(widths):
        x = _block(x, width, 1 if number == 0 else 2, f"block{number}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = layers.Dense(10, activation=activation, name="head")(x)
    return shaken(backend.keras().Model(inputs, outputs, name="residual"))


def _block(x: Any, width: int, stride: int, name: str) -> Any:
    layers = backend.keras().layers

    def conv(x: Any, kernel: int, strides: int, part: str) -> Any:
        options = {"padding": "same", "use_bias": False, "name": f"{name}_{part}"}
        x = layers.Conv2D(width, kernel, strides=strides, **options)(x)
        return layers.BatchNormalization(name=f"{name}_{part}_norm")(x)

    y = layers.ReLU(name=f"{name}_a_relu")(conv(x, 3, stride, "a"))
    y = conv(y, 3, 1, "b")
    if stride > 1:
        x = conv(x, 1, stride, "shortcut")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))


def squeeze_excite_net() -> Any:
    """An inverted residual with depthwise convolution and squeeze-excite; flatten, dense."""
    layers = backend.keras().layers
    inputs = layers.Input(SHAPE, name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu6", name="stem")(inputs)
    y = layers.Conv2D(24, 1, use_bias=False, name="expand")(x)
    y = layers.Activation("hard_silu")(layers.BatchNormalization(name="expand_norm")(y))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(y)
    y = layers.Activation("silu")(layers.BatchNormalization(name="depthwise_norm")(y))
    gate = layers.Reshape((1, 1, 24), name="to_map")(layers.GlobalAveragePooling2D()(y))
    gate = layers.Conv2D(6, 1, activation="relu", name="squeeze")(gate)
    gate = layers.Conv2D(24, 1, activation="sigmoid", name="excite")(gate)
    y = layers.Conv2D(8, 1, use_bias=False, name="project")(layers.Multiply()([y, gate]))
    x = layers.Add()([x, layers.BatchNormalization(name="project_norm")(y)])
    x = layers.Flatten(name="flatten")(layers.MaxPooling2D()(x))
    x = layers.Dense(12, activation="relu", name="hidden")(x)
    return shaken(backend.keras().Model(inputs, layers.Dense(5, name="head")(x), name="mobile"))


def dense_net() -> Any:
    """A Sequential perceptron, 12 to 8 to 6 to 3, with a batch norm and a slope per channel."""
    keras = backend.keras()
    return shaken(
        keras.Sequential(
            [
                keras.layers.Input((12,), name="features"),
                keras.layers.Dense(8, name="first"),
                keras.layers.BatchNormalization(name="norm"),
                keras.layers.PReLU(name="slope"),
                keras.layers.Dropout(0.5, name="drop"),
                keras.layers.Dense(6, activation="tanh", name="second"),
                keras.layers.Dense(3, activation="softmax", name="head"),
            ],
            name="perceptron",
        )
    )
