"""Where the images come from: MNIST when it can be downloaded, a file, or the bundled digits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import edgehone as eh

Array = NDArray[Any]

DIGITS = "digits"
HELD_OUT = 0.15
"""Share of the training images that validation takes, and of the digits the test as well."""


@dataclass(frozen=True)
class Images:
    """Arrays x_train, y_train, x_val, …, pixels in [0, 1]; a name; why it is a second choice."""

    arrays: dict[str, Array]
    name: str
    note: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        return tuple(self.arrays["x_train"].shape[1:])

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.arrays["y_train"].max()) + 1

    def part(self, split: str) -> tuple[Array, Array]:
        """Samples and labels of "train", "val" or "test"."""
        return self.arrays[f"x_{split}"], self.arrays[f"y_{split}"]


def find(source: str = "") -> Images:
    """The images of `source`, an .npz file or "digits"; without one MNIST, else the digits."""
    if source == DIGITS:
        return _digits("")
    if source:
        with np.load(source) as file:
            return Images(_split(dict(file), 255), Path(source).stem)
    import keras

    try:
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    # Keras raises nothing more specific when a download fails.
    except Exception as error:
        return _digits(f"MNIST cannot be downloaded ({error}).")
    found = {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
    return Images(_split(found, 255), "MNIST")


def _digits(why: str) -> Images:
    note = "These are the bundled 8 x 8 digits, so the networks begin with 64 inputs, not 784."
    x, y = eh.digits()
    return Images(_split({"x": x, "y": y}, 16), "the bundled digits", f"{why} {note}".strip())


def _split(arrays: dict[str, Array], highest: int) -> dict[str, Array]:
    """All three splits, pixels in [0, 1]; a missing one is drawn from the training images."""
    found = {f"{name}_train" if name in ("x", "y") else name: a for name, a in arrays.items()}
    for split in ("test", "val"):
        if f"x_{split}" not in found:
            order = np.random.default_rng(0).permutation(len(found["x_train"]))
            held, rest = np.split(order, [round(HELD_OUT * len(order))])
            for axis in ("x", "y"):
                found[f"{axis}_{split}"] = found[f"{axis}_train"][held]
                found[f"{axis}_train"] = found[f"{axis}_train"][rest]
    scaled = {name: (each / np.float32(highest)).astype(np.float32) for name, each in found.items()}
    return {name: scaled[name] if name[0] == "x" else found[name] for name in found}
