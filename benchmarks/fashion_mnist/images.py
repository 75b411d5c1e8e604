"""Fashion-MNIST, as one .npz with the three splits that every method of the study uses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph.backend import keras
from edgehone.system.files import whole_file

VALIDATION = 5_000
"""Training images set apart, the last ones (the data comes shuffled): what searches look at."""

SCALE = 1 / 255
"""Bytes to [0, 1], what every network of the study takes."""

Arrays = Mapping[str, NDArray[Any]]


def write(source: Path | None, train: int, destination: Path) -> None:
    """Write the splits to `destination`; source: an .npz, or None for the download of Keras.

    train: most images that are trained on, the first ones.
    """
    arrays = _downloaded() if source is None else _read(source)
    x, y = arrays["x_train"], arrays["y_train"]
    learned = min(train, len(x) - VALIDATION)
    splits = {
        "x_train": x[:learned],
        "y_train": y[:learned],
        "x_val": x[-VALIDATION:],
        "y_val": y[-VALIDATION:],
        "x_test": arrays["x_test"],
        "y_test": arrays["y_test"],
    }
    with whole_file(destination) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **splits)


def _read(source: Path) -> Arrays:
    with np.load(source, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def _downloaded() -> Arrays:
    (x, y), (x_test, y_test) = keras().datasets.fashion_mnist.load_data()
    return {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
