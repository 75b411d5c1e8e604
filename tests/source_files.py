"""The same samples in every kind of source: x (n, 6) whole numbers, y (n,) labels in order."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgehone.data import Reading

Array = NDArray[Any]

CLASSES = ("cat", "dog", "owl")
COLUMNS = tuple("abcdef")
N = 66
Y = np.repeat(np.arange(3), N // 3)
X = np.random.default_rng(0).integers(0, 256, (N, 6)).astype(np.float32)


@dataclass(frozen=True)
class Written:
    """A source in a folder. scale: makes its values those of X; damaged: a file of it."""

    source: str
    reading: Reading = field(default_factory=Reading)
    scale: float = 1.0
    damaged: Path | None = None


def archive(folder: Path) -> Written:
    np.savez(folder / "data.npz", x=X, y=Y, class_names=np.array(CLASSES))
    return Written(str(folder / "data.npz"), damaged=folder / "data.npz")


def array_folder(folder: Path) -> Written:
    np.save(folder / "x.npy", X)
    np.save(folder / "y.npy", np.array(CLASSES)[Y])
    np.save(folder / "class_names.npy", np.array(CLASSES))
    return Written(str(folder), damaged=folder / "x.npy")


def csv_table(folder: Path) -> Written:
    path = folder / "data.csv"
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream, delimiter=";")
        rows.writerow(["id", *COLUMNS, "kind"])
        rows.writerows([n, *X[n], CLASSES[Y[n]]] for n in range(N))
    how = Reading(target=("kind",), features=COLUMNS, classes=CLASSES)
    return Written(str(path), how, damaged=path)


def parquet_table(folder: Path) -> Written:
    import pyarrow
    from pyarrow import parquet

    path = folder / "data.parquet"
    columns = {name: X[:, n] for n, name in enumerate(COLUMNS)}
    names = np.array(CLASSES)[Y]
    parquet.write_table(pyarrow.table({**columns, "label": names}), path, row_group_size=7)
    return Written(str(path), Reading(classes=CLASSES), damaged=path)


def images(folder: Path) -> Written:
    """RGB images of two pixels."""
    for n in range(N):
        place = folder / CLASSES[Y[n]]
        place.mkdir(exist_ok=True)
        Image.fromarray(X[n].reshape(2, 1, 3).astype(np.uint8)).save(place / f"{n:03}.png")
    return Written(str(folder), damaged=folder / "cat" / "000.png")


WRITERS: dict[str, Callable[[Path], Written]] = {
    "archive": archive,
    "array_folder": array_folder,
    "csv_table": csv_table,
    "parquet_table": parquet_table,
    "images": images,
}
"""By the file in `data/sources/kinds` that reads it."""
