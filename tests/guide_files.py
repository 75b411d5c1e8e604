"""What a reader of the guides has at the start: a model, data, files, a run, names of devices."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.shell_pages import LIMIT_S, Written, steps

DEVICES = """
[devices.bench-pi]
target = "local"
address = "local"

[devices.phone]
target = "local"
address = "local"
"""
"""The names of a board and a phone in the guides, both of them this machine."""

PROJECT = """
[model]
teacher = "model.keras"

[data]
source = "data.npz"

[[budget]]
metric = "size_bytes"
max = "300 KiB"

[distill]
epochs = 1

[search]
rounds = 1

[export]
formats = ["tflite"]
io = "float32"
"""

BUDGETS = """
[[budget]]
metric = "size_bytes"
max = "300 KiB"
"""

RECIPES = """
[[recipe]]
name = "small"
precision = "int8"
steps = [{ technique = "prune_channels", ratio = 0.25 }]
"""


def prepare(folder: Path, variables: Mapping[str, str], tutorial: str) -> None:
    """Write the files. tutorial: the page whose model this is, here one that scales by itself."""
    texts = {step.name: step.text for step in steps(tutorial) if isinstance(step, Written)}
    train = texts["train.py"].replace('data["x_train"] / 16', 'data["x_train"]')
    train = train.replace("digits.npz", "data.npz").replace("digits.keras", "model.keras")
    rescaled = "        layers.Rescaling(1 / 16),\n        layers.Conv2D(16"
    train = train.replace("        layers.Conv2D(16", rescaled)
    (folder / "train.py").write_text(train)
    (folder / "budgets.toml").write_text(BUDGETS)
    (folder / "recipes.toml").write_text(RECIPES)
    (folder / "names.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
    settings = Path(variables["HOME"]) / ".config" / "edgehone"
    settings.mkdir(parents=True)
    (settings / "config.toml").write_text(DEVICES)
    for command in (
        "python train.py",
        "edgehone export model.keras -o made --format tflite,onnx --precision float32,int8"
        " --calibration data.npz",
        "openssl ecparam -name prime256v1 -genkey -noout -out release.key",
    ):
        call(command, folder, variables)
    made = folder / "made"
    for name, source in {
        "model.tflite": "model-int8.tflite",
        "new.tflite": "model-int8.tflite",
        "person.tflite": "model-int8.tflite",
        "old.tflite": "model-float32.tflite",
        "float32.tflite": "model-float32.tflite",
        "model.onnx": "model-float32.onnx",
    }.items():
        shutil.copy(made / source, folder / name)
    shutil.rmtree(made)
    for name, source in {
        "student.keras": "model.keras",
        "teacher.keras": "model.keras",
        "labelled.npz": "data.npz",
    }.items():
        shutil.copy(folder / source, folder / name)
    with np.load(folder / "data.npz") as data:
        np.save(folder / "others.npy", data["x_train"][:200])
    (folder / "edgehone.toml").write_text(PROJECT)
    call("edgehone run", folder, variables)


def call(command: str, folder: Path, variables: Mapping[str, str]) -> None:
    """Run a command that has to succeed."""
    subprocess.run(
        ["bash", "-c", command],  # noqa: S607  the reader's shell
        cwd=folder,
        env=dict(variables),
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )
