"""Train a small network that tells the state of a pump from a table of readings; leaves pumps.csv
and pumps.keras behind. The readings are made: a pump's wear shows in how they belong together.
"""

import csv
from pathlib import Path

import keras
import numpy as np
from keras import layers

STATES = ("healthy", "worn", "blocked")
COLUMNS = ("speed", "flow", "pressure", "current", "temperature", "vibration")
ROWS = 6000


def readings(count: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n, 6) float readings in rpm, l/min, bar, A, degrees and mm/s; states (n,) as numbers."""
    state = draw.integers(0, 3, count)
    worn, blocked = state == 1, state == 2
    speed = draw.uniform(900, 3000, count)
    flow = speed / 30 * (1 - 0.12 * worn - 0.3 * blocked) + draw.normal(0, 2, count)
    pressure = (speed / 1000) ** 2 * (1 - 0.1 * worn + 0.2 * blocked) + draw.normal(0, 0.15, count)
    current = 2 + speed / 400 * (1 + 0.1 * worn - 0.1 * blocked) + draw.normal(0, 0.3, count)
    temperature = 35 + current * (1 + 0.3 * blocked) + draw.normal(0, 2, count)
    vibration = 1 + speed / 1500 * (1 + 0.5 * worn) + draw.normal(0, 0.25, count)
    columns = (speed, flow, pressure, current, temperature, vibration)
    return np.stack(columns, axis=1).astype(np.float32), state


draw = np.random.default_rng(0)
x, y = readings(ROWS, draw)
with Path("pumps.csv").open("w", newline="") as file:
    table = csv.writer(file)
    table.writerow([*COLUMNS, "state"])
    for row, state in zip(x, y, strict=True):
        table.writerow([*(f"{value:.2f}" for value in row), STATES[state]])

keras.utils.set_random_seed(0)
scaled = layers.Normalization(name="scaled")  # it learns means and variances, and ships with them
scaled.adapt(x[:4200])
model = keras.Sequential(
    [
        keras.Input((len(COLUMNS),), name="readings"),
        scaled,
        layers.Dense(96, activation="relu"),
        layers.Dense(96, activation="relu"),
        layers.Dense(len(STATES), activation="softmax", name="state"),
    ]
)
model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:4200], y[:4200], epochs=15, verbose=0)
_, accuracy = model.evaluate(x[4200:], y[4200:], verbose=0)
model.save("pumps.keras")
print(f"pumps.keras: {model.count_params():,} parameters, {accuracy:.1%} of the states right")
