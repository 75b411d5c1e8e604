"""The demonstration: handwritten digits, a residual teacher trained on the spot, budgets."""

from pathlib import Path
from typing import Any

import numpy as np

from edgehone.config import Config, load
from edgehone.data import DataSet, DataSettings, bundled_digits
from edgehone.data import load as load_data
from edgehone.graph.backend import keras, seed
from edgehone.graph.loading import save
from edgehone.system.files import whole_file, write_whole
from edgehone.values import Event, Progress, Task, silent

EPOCHS = 12
BATCH = 64
WIDTHS = (48, 96, 128)
SPLITS = (0.5, 0.15)
"""Shares of the digits for training and validation; the test split is large, so that a drop of a
point or two can be distinguished from chance."""

PROJECT = """\
# The demonstration's project; `edgehone init` writes one that explains every key.
[model]
teacher = "teacher.keras"

[data]
source = "digits.npz"
seed = {seed}

[objective]
minimize = "latency_p50_ms"

[[budget]]
metric = "accuracy_drop"
max = 0.02

[[budget]]
metric = "size_bytes"
max = "256 KiB"

[distill]
epochs = 20
learning_rate = 2e-3

[search]
rounds = 4
minutes = 3.5
seed = {seed}
"""


def config(folder: Path, *, seed: int = 0, progress: Progress = silent) -> Config:
    """The demonstration's configuration, with everything it names in place under `folder`."""
    return load(prepare(folder, seed=seed, progress=progress))


def prepare(folder: Path, *, seed: int = 0, progress: Progress = silent) -> Path:
    """Write data, teacher and project file into `folder`/seed-N, unless there; the project's path.

    The data are split and the teacher is trained from scratch with this seed.
    """
    home = folder / f"seed-{seed}"
    data, model = home / "digits.npz", home / "teacher.keras"
    if not data.exists():
        _write_splits(data, seed)
    if not model.exists():
        save(
            trained(load_data(str(data), DataSettings(seed=seed)), seed=seed, progress=progress),
            model,
        )
    project = home / "edgehone.toml"
    if not project.exists():
        write_whole(project, PROJECT.format(seed=seed))
    return project


def teacher() -> Any:
    """A Keras model trained on the bundled digits: what a new project file names as its teacher."""
    return trained(load_data("digits", DataSettings(seed=0, task=Task())), seed=0)


def trained(data: DataSet, *, seed: int, progress: Progress = silent) -> Any:
    """The residual teacher, trained from scratch on `data`'s training split."""
    from edgehone.compress._base import TrainingContext
    from edgehone.compress.training.fitting import Schedule, fit_hard

    def report(event: Event) -> None:
        progress(Event("train the teacher", event.text, event.done, event.total))

    context = TrainingContext(None, data, Task(), seed, report)
    return fit_hard(_network(seed), context, Schedule(EPOCHS, BATCH, 2e-3)).model


def _network(number: int) -> Any:
    """A residual network for 8 x 8 images (He et al. 2016, version 1), about 450,000 weights."""
    seed(number)
    layers = keras().layers
    image = layers.Input((8, 8, 1), name="image")
    x = layers.Rescaling(1 / 16, name="rescale")(image)
    x = layers.Conv2D(WIDTHS[0], 3, padding="same", use_bias=False, name="stem")(x)
    x = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_norm")(x))
    for index, width in enumerate(WIDTHS):
        x = _block(x, f"block{index + 1}", width, 2 if index else 1)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    scores = layers.Dense(10, activation="softmax", name="digit")(x)
    return keras().Model(image, scores, name="digits")


def _block(x: Any, name: str, width: int, stride: int) -> Any:
    layers = keras().layers

    def conv(y: Any, part: str, kernel: int, strides: int) -> Any:
        made = layers.Conv2D(
            width, kernel, strides, padding="same", use_bias=False, name=f"{name}_{part}"
        )(y)
        return layers.BatchNormalization(name=f"{name}_{part}_norm")(made)

    y = layers.ReLU(name=f"{name}_relu1")(conv(x, "conv1", 3, stride))
    y = conv(y, "conv2", 3, 1)
    if stride > 1 or x.shape[-1] != width:
        x = conv(x, "short", 1, stride)
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))


def _write_splits(path: Path, number: int) -> None:
    digits = bundled_digits()
    order = np.random.default_rng(number).permutation(len(digits))
    ends = np.cumsum([round(share * len(digits)) for share in SPLITS])
    parts = dict(zip(("train", "val", "test"), np.split(order, ends), strict=True))
    arrays = {f"x_{name}": digits.x[part] for name, part in parts.items()}
    arrays |= {f"y_{name}": digits.y[part] for name, part in parts.items()}
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
