"""The data of the contest: three sets from a folder, and the digits that edgehone has with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import edgehone as eh
from edgehone.system.files import sha256_of, whole_file

Array = NDArray[Any]
Arrays = Mapping[str, Array]

VALIDATION = 0.15
"""Share of the training samples set apart, at most as many as LOOKED_AT: what searches look at."""

LOOKED_AT = 2_000


@dataclass(frozen=True)
class Source:
    """file: below the folder of data, "" for what edgehone bundles; shape: of a sample, as networks
    take it; values: from what the file holds to what networks see.
    """

    file: str
    net: str
    shape: tuple[int, ...]
    classes: int
    values: Callable[[Array], Array]


SOURCES: Mapping[str, Source] = {
    "activity": Source("activity.npz", "series", (52, 3), 3, lambda x: x / 1024),
    "spoken": Source("spoken_digits.npz", "keyword", (40, 20, 1), 10, lambda x: x / 255),
    "fashion": Source("fashion_mnist.npz", "residual", (28, 28, 1), 10, lambda x: x / 255),
    "digits": Source("", "residual", (8, 8, 1), 10, lambda x: x / 16),
}
"""From the quickest to the longest; the bundled digits serve --quick."""


class AbsentDataError(Exception):
    """A data set is not where it was looked for."""


@dataclass(frozen=True)
class Data:
    """One data set as an .npz of x_train, y_train, x_val, y_val, x_test, y_test."""

    name: str
    path: Path
    sha256: str

    def split(self, name: str) -> tuple[Array, Array]:
        """Samples (n, *shape) float32 and labels (n,) of "train", "val" or "test"."""
        with np.load(self.path, allow_pickle=False) as found:
            return found[f"x_{name}"], found[f"y_{name}"]


def prepared(name: str, folder: Path | None, train: int, destination: Path) -> Data:
    """The data set with its splits, written to `destination`. Raises AbsentDataError."""
    source = SOURCES[name]
    arrays = _bundled() if not source.file else _read(name, source.file, folder)
    made = _splits(source, arrays, train)
    with whole_file(destination) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **made)
    return Data(name, destination, sha256_of(destination))


def _bundled() -> Arrays:
    """The digits; the last third to judge by."""
    x, y = eh.digits()
    kept = 2 * len(x) // 3
    return {"x_train": x[:kept], "y_train": y[:kept], "x_test": x[kept:], "y_test": y[kept:]}


def _read(name: str, file: str, folder: Path | None) -> Arrays:
    """An .npz of x_train, y_train, x_test, y_test."""
    if folder is None:
        raise AbsentDataError(f"{name}: no folder of data was named; give --data FOLDER.")
    path = folder / file
    if not path.is_file():
        raise AbsentDataError(
            f"{name}: there is no {file} in {folder}; README.md says where to get it."
        )
    with np.load(path, allow_pickle=False) as found:
        return {key: found[key] for key in ("x_train", "y_train", "x_test", "y_test")}


def _splits(source: Source, arrays: Arrays, train: int) -> Arrays:
    """The splits, drawn with one seed for everyone."""
    count = len(arrays["x_train"])
    order = np.random.default_rng(7).permutation(count)
    held = min(LOOKED_AT, round(VALIDATION * count))
    chosen = {"train": order[held : held + train], "val": order[:held]}
    made = {f"{axis}_{name}": arrays[f"{axis}_train"][rows] for name, rows in chosen.items()
            for axis in "xy"}  # fmt: skip
    made |= {"x_test": arrays["x_test"], "y_test": arrays["y_test"]}
    return {
        name: _samples(source, array) if name.startswith("x") else array.astype(np.int64)
        for name, array in made.items()
    }


def _samples(source: Source, array: Array) -> Array:
    return source.values(array.astype(np.float32)).reshape(-1, *source.shape).astype(np.float32)
