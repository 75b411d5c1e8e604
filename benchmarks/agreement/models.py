"""The files that are measured: three networks, untrained, each in float32 and int8."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("digits", "mobilenet-0.35-96", "mobilenet-1.0-160")
PRECISIONS = ("float32", "int8")


def build(name: str) -> Any:
    """A Keras model; its weights do not matter for its time."""
    import keras

    keras.utils.set_random_seed(0)
    if name == "digits":
        layers = keras.layers
        stack = [keras.Input((28, 28, 1))]
        stack += [layers.Conv2D(n, 3, strides=2, activation="relu") for n in (16, 32)]
        stack += [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10)]
        return keras.Sequential(stack)
    width, side = name.split("-")[1:]
    shape = (int(side), int(side), 3)
    return keras.applications.MobileNetV2(shape, alpha=float(width), weights=None, classes=100)


def make(name: str, folder: Path) -> None:
    """Write `NAME-PRECISION.tflite` for every precision."""
    folder.mkdir(parents=True, exist_ok=True)
    saved, data = folder / f"{name}.keras", folder / f"{name}.npz"
    model = build(name)
    model.save(saved)
    x = np.random.default_rng(0).random((20, *model.input_shape[1:])).astype(np.float32)
    np.savez(data, x=x, y=np.arange(len(x)) % 2)
    for precision in PRECISIONS:
        asked = ["export", str(saved), "-o", str(folder / precision), "--format", "tflite"]
        asked += ["--precision", precision, "--calibration", str(data)]
        subprocess.run([sys.executable, "-m", "edgehone", *asked], check=True, timeout=600)
        (made,) = (folder / precision).glob("*.tflite")
        made.rename(folder / f"{name}-{precision}.tflite")


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
