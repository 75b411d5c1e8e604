"""Train a small network that tells what a person does from the acceleration of a wrist; leaves
windows.npz and activity.keras behind. The windows are made: everybody moves in a way of their own,
so that a network is only as good as it is on people that it has not seen.
"""

import keras
import numpy as np
from keras import layers

ACTIVITIES = ("sitting", "walking", "running", "stairs")
PEOPLE, WINDOWS, LENGTH, RATE = 80, 10, 64, 26
"""People, windows of each activity of each, samples of a window, and samples a second."""


def windows(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows (n, 64, 3) float32 in units of gravity, activities (n,), and whose they are (n,)."""
    time = np.arange(LENGTH) / RATE
    x, y, who = [], [], []
    for person in range(PEOPLE):
        pace, force = draw.uniform(0.8, 1.25), draw.uniform(0.7, 1.4)
        wrist = np.linalg.qr(draw.normal(0, 1, (3, 3)))[0]  # how the watch sits
        for activity in range(len(ACTIVITIES)):
            steps = (0.0, 1.7, 2.7, 1.5)[activity] * pace
            power = (0.02, 0.35, 1.1, 0.4)[activity] * force
            for _ in range(WINDOWS):
                phase = 2 * np.pi * (steps * time + draw.uniform())
                swing = np.stack([np.sin(phase), np.sin(2 * phase), np.cos(phase / 2)], axis=1)
                if activity == 3:
                    swing[:, 1] *= 1.8  # every step lifts
                moved = power * swing * draw.uniform(0.8, 1.2) + (0, 0, 1)
                x.append(moved @ wrist + draw.normal(0, 0.12, (LENGTH, 3)))
                y.append(activity)
                who.append(person)
    return np.array(x, np.float32), np.array(y), np.array(who)


x, y, who = windows(np.random.default_rng(0))
np.savez("windows.npz", x=x, y=y, group=who, class_names=np.array(ACTIVITIES))

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((LENGTH, 3), name="acceleration"),
        layers.Conv1D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling1D(),
        layers.Conv1D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling1D(),
        layers.Conv1D(64, 3, padding="same", activation="relu"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(len(ACTIVITIES), activation="softmax", name="activity"),
    ]
)
model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
seen = who < 60
model.fit(x[seen], y[seen], epochs=12, verbose=0)
_, accuracy = model.evaluate(x[~seen], y[~seen], verbose=0)
model.save("activity.keras")
print(f"activity.keras: {model.count_params():,} parameters, {accuracy:.1%} right of new people")
