"""Train a small network on folders of images; leaves the folder photos and photos.keras behind.

The images are made, as nothing may be downloaded here: four shapes, of many colours, on a darker
ground. With pictures of your own, put them into photos/train/CLASS/ and so on instead.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

SHAPES = ("circle", "cross", "square", "triangle")
SIZE = 48
COUNTS = {"train": 240, "val": 60, "test": 120}
"""Images of each shape."""


def shape(kind: str, draw: np.random.Generator) -> np.ndarray:
    """(48, 48, 3) uint8."""
    down, across = np.mgrid[:SIZE, :SIZE] - draw.uniform(17, 31, (2, 1, 1))
    angle, radius = draw.uniform(-0.4, 0.4), draw.uniform(8, 15)
    u = (across * np.cos(angle) - down * np.sin(angle)) / radius
    v = (across * np.sin(angle) + down * np.cos(angle)) / radius
    inside = {
        "circle": u**2 + v**2 < 1,
        "cross": (np.minimum(abs(u), abs(v)) < 0.3) & (np.maximum(abs(u), abs(v)) < 1),
        "square": np.maximum(abs(u), abs(v)) < 0.85,
        "triangle": (v < 0.8) & (v > 2 * abs(u) - 1),
    }[kind]
    ground, ink = draw.uniform(0, 120, 3), draw.uniform(110, 255, 3)
    image = np.where(inside[..., None], ink, ground) + draw.normal(0, 14, (SIZE, SIZE, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


draw = np.random.default_rng(0)
for split, count in COUNTS.items():
    for kind in SHAPES:
        folder = Path("photos", split, kind)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            keras.utils.save_img(folder / f"{number:03}.png", shape(kind, draw), scale=False)

keras.utils.set_random_seed(0)
sets = {
    split: keras.utils.image_dataset_from_directory(
        Path("photos", split), image_size=(SIZE, SIZE), shuffle=split == "train", verbose=False
    )
    for split in COUNTS
}
turned = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])
model = keras.Sequential([keras.Input((SIZE, SIZE, 3), name="photo"), layers.Rescaling(1 / 255)])
for width in (24, 48, 64):
    model.add(layers.Conv2D(width, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D())
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(len(SHAPES), activation="softmax", name="shape"))
model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
augmented = sets["train"].map(lambda x, y: (turned(x, training=True), y))
model.fit(augmented, epochs=20, verbose=0)
_, accuracy = model.evaluate(sets["test"], verbose=0)
model.save("photos.keras")
print(f"photos.keras: {model.count_params():,} parameters, {accuracy:.1%} of the test images right")
