"""A project small enough to run the whole loop in seconds: digits, a tiny trained teacher."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSettings, load
from edgehone.graph import backend
from edgehone.graph.loading import save
from edgehone.tasks.kinds import task_of
from tests.task_problems import problem_of

NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])

SCRIPT = {"latency_ms": {"base": 0.05, "per_kib": 0.01}, "spread": 0.0}

PROJECT = """\
[model]
teacher = "teacher.keras"
[data]
source = "data.npz"
calibration = 50
[task]
kind = "{kind}"
[objective]
minimize = "size_bytes"
[distill]
epochs = 1
[search]
rounds = {rounds}
precisions = ["int8", "float32"]
[measure]
blocks = 2
minimum_s = 0.01
[export]
formats = {formats}
{budgets}
"""

BUDGETS = """
[[budget]]
metric = "accuracy_drop"
max = {drop}
[[budget]]
metric = "size_bytes"
max = "64 KiB"
"""


def write(
    folder: Path,
    *,
    kind: str = "classification",
    rounds: int = 2,
    formats: str = '["tflite"]',
    budgets: str = BUDGETS.format(drop=0.5),
) -> Path:
    """Teacher, data, script and project file in `folder`; the project file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "data.npz", allow_pickle=False, **_arrays(kind))
    data = load(str(folder / "data.npz"), DataSettings(task=task_of(kind), scale=1 / 16))
    context = TrainingContext(None, data, task_of(kind))
    epochs = problem_of(kind).epochs  # until it beats a constant answer
    trained = fit_hard(_network(kind), context, Schedule(epochs, 32, 5e-3)).model
    save(trained, folder / "teacher.keras")
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    text = PROJECT.format(kind=kind, rounds=rounds, formats=formats, budgets=budgets)
    project = folder / "edgehone.toml"
    project.write_text(text.replace('source = "data.npz"', 'source = "data.npz"\nscale = 0.0625'))
    return project


def device(folder: Path) -> str:
    """The scripted device of a project."""
    return f"local@scripted://{folder / 'script.json'}"


def _arrays(kind: str) -> dict[str, Any]:
    digits = load("digits")
    x, y = digits.train.x[:700].reshape(-1, 8, 8, 1), digits.train.y[:700]
    if kind == "regression":
        left, right = x[:, :, :4], x[:, :, 4:]
        return {"x": x, "y": left.mean(axis=(1, 2, 3)) - right.mean(axis=(1, 2, 3))}
    if kind == "reconstruction":
        return {"x": x}
    if kind != "classification":
        problem = problem_of(kind)
        return {"x": problem.x, "y": problem.y}
    return {"x": x, "y": y, "class_names": NAMES}


def _network(kind: str) -> Any:
    if kind not in ("classification", "regression", "reconstruction"):
        return problem_of(kind).network()
    backend.seed(3)
    layers = backend.keras().layers
    x = image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv1")(x)
    x = layers.ReLU(name="relu1")(layers.BatchNormalization(name="norm1")(x))
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="conv2")(x)
    if kind == "reconstruction":
        x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv3")(x)
        x = layers.UpSampling2D(name="up")(x)
        x = layers.Conv2D(1, 3, padding="same", name="image_again")(x)
        return backend.keras().Model(image, x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    if kind == "regression":
        return backend.keras().Model(image, layers.Dense(1, name="brightness")(x))
    return backend.keras().Model(image, layers.Dense(10, activation="softmax", name="digit")(x))


def student() -> Any:
    """A student of another architecture for the classification project."""
    backend.seed(4)
    layers = backend.keras().layers
    x = image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="first")(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="second")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return backend.keras().Model(image, layers.Dense(10, activation="softmax", name="digit")(x))
