"""Train a small network that says which digits are on a strip of one to four; leaves strips.keras
and strips.npz behind.
"""

from typing import Any

import keras
import numpy as np
from keras import layers

import edgehone as eh

HEIGHT, WIDTH, MOST = 12, 40, 4
COUNTS = {"train": 3000, "val": 500, "test": 800}


Pair = tuple[np.ndarray, np.ndarray]


def strips(images: np.ndarray, labels: np.ndarray, count: int, draw: np.random.Generator) -> Pair:
    """Images (n, 12, 40, 1) uint8, and which of the ten digits are on each: (n, 10) of 0 and 1."""
    x = draw.integers(0, 40, (count, HEIGHT, WIDTH)).astype(np.uint8)
    y = np.zeros((count, 10), np.uint8)
    for image, present in zip(x, y, strict=True):
        for place in draw.permutation(MOST)[: draw.integers(1, MOST + 1)]:
            number = draw.integers(len(images))
            top, left = draw.integers(0, 5), 10 * place + draw.integers(0, 3)
            part = image[top : top + 8, left : left + 8]
            part[:] = np.maximum(part, images[number] * 15)
            present[labels[number]] = 1
    return x[..., None], y


draw = np.random.default_rng(0)
images, labels = eh.digits()
rows = np.split(draw.permutation(len(images)), [1200, 1500])  # no digit is in two splits
data: dict[str, Any] = {}
for part, (split, count) in zip(rows, COUNTS.items(), strict=True):
    data[f"x_{split}"], data[f"y_{split}"] = strips(images[part], labels[part], count, draw)
np.savez("strips.npz", **data)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((HEIGHT, WIDTH, 1), name="strip"),
        layers.Rescaling(1 / 255),
        layers.Conv2D(24, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Conv2D(64, 3, activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(10, activation="sigmoid", name="digits"),
    ]
)
model.compile(keras.optimizers.Adam(2e-3), "binary_crossentropy", metrics=["binary_accuracy"])
model.fit(data["x_train"], data["y_train"], epochs=14, verbose=0)
_, accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)
model.save("strips.keras")
print(f"strips.keras: {model.count_params():,} parameters, {accuracy:.1%} of the answers right")
