"""Train a small U-Net that marks a digit's pixels on a noisy ground; leaves unet.keras and
scenes.npz behind.
"""

from typing import Any

import keras
import numpy as np
from keras import layers

import edgehone as eh

SIZE = 32
GROUND, INK, EDGE = 0, 1, 2
COUNTS = {"train": 800, "val": 200, "test": 300}


Pair = tuple[np.ndarray, np.ndarray]


def scenes(digits: np.ndarray, count: int, draw: np.random.Generator) -> Pair:
    """Images (n, 32, 32, 1) uint8 with one digit each, and masks (n, 32, 32) of three classes."""
    x = draw.integers(0, 90, (count, SIZE, SIZE)).astype(np.uint8)
    y = np.zeros((count, SIZE, SIZE), np.uint8)
    for image, mask in zip(x, y, strict=True):
        digit = np.kron(digits[draw.integers(len(digits))], np.ones((2, 2), np.uint8))
        top, left = draw.integers(0, SIZE - len(digit) + 1, 2)
        place = slice(top, top + len(digit)), slice(left, left + len(digit))
        image[place] = np.maximum(image[place], digit * 15)
        mask[place] = np.where(digit > 8, INK, np.where(digit > 3, EDGE, GROUND))
    return x[..., None], y


def unet(width: int = 12) -> keras.Model:
    """Two levels down, two levels up, with a connection across each."""

    def block(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        return x

    image = keras.Input((SIZE, SIZE, 1), name="image")
    first = block(layers.Rescaling(1 / 255)(image), width)
    second = block(layers.MaxPooling2D()(first), 2 * width)
    deepest = block(layers.MaxPooling2D()(second), 4 * width)
    up = block(layers.Concatenate()([layers.UpSampling2D()(deepest), second]), 2 * width)
    up = block(layers.Concatenate()([layers.UpSampling2D()(up), first]), width)
    return keras.Model(image, layers.Conv2D(3, 1, activation="softmax", name="mask")(up))


draw = np.random.default_rng(0)
digits, _ = eh.digits()
parts = np.split(draw.permutation(digits), [1200, 1500])  # no digit is in two splits
data: dict[str, Any] = {}
for part, (split, count) in zip(parts, COUNTS.items(), strict=True):
    data[f"x_{split}"], data[f"y_{split}"] = scenes(part, count, draw)
np.savez("scenes.npz", **data)

keras.utils.set_random_seed(0)
model = unet()
model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(data["x_train"], data["y_train"], batch_size=32, epochs=6, verbose=0)
_, accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)
model.save("unet.keras")
print(f"unet.keras: {model.count_params():,} parameters, {accuracy:.1%} of the test pixels right")
