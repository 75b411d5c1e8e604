"""Where the images come from: MNIST when it can be downloaded, a file, or the bundled digits."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from edgehone.data import DIGITS, DataSet, load
from edgehone.graph.backend import keras


@dataclass(frozen=True)
class Images:
    """A data set with pixels in [0, 1], its name, and a sentence when it is a second choice."""

    data: DataSet
    name: str
    note: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        return tuple(self.data.train.x.shape[1:])


def find(source: str = "") -> Images:
    """The images of `source`, an .npz file or "digits"; without one MNIST, else the digits."""
    if source == DIGITS:
        return _digits("")
    if source:
        return Images(load(source, scale=1 / 255), Path(source).stem)
    try:
        (x, y), (x_test, y_test) = keras().datasets.mnist.load_data()
    # Keras raises nothing more specific when a download fails.
    except Exception as error:
        return _digits(f"MNIST cannot be downloaded ({error}).")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mnist.npz"
        np.savez(file, x_train=x, y_train=y, x_test=x_test, y_test=y_test)
        return Images(load(str(file), scale=1 / 255), "MNIST")


def _digits(why: str) -> Images:
    note = "These are the bundled 8 x 8 digits, so the networks begin with 64 inputs, not 784."
    return Images(load(DIGITS, scale=1 / 16), "the bundled digits", f"{why} {note}".strip())
