"""Train a small network on the bundled 8 x 8 digits; leaves digits.keras and digits.npz behind."""

import keras
import numpy as np

import edgehone as eh

LARGEST = 16  # of a pixel's value

images, labels = eh.digits()
order = np.random.default_rng(0).permutation(len(images))
parts = dict(zip(("train", "val", "test"), np.split(order, [1197, 1497]), strict=True))
data = {f"x_{part}": images[rows][..., None] for part, rows in parts.items()}
data |= {f"y_{part}": labels[rows] for part, rows in parts.items()}
np.savez("digits.npz", **data)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((8, 8, 1), name="image"),
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, activation="softmax", name="digit"),
    ]
)
model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(data["x_train"] / LARGEST, data["y_train"], epochs=12, verbose=0)
_, accuracy = model.evaluate(data["x_test"] / LARGEST, data["y_test"], verbose=0)
model.save("digits.keras")
print(f"digits.keras: {model.count_params():,} parameters, {accuracy:.1%} of the test digits right")
