"""The data sets: one pool each, split anew by a seed, and a few labels chosen from them."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgehone.data import Array, DataSet, Split


@dataclass(frozen=True)
class Source:
    """How a data set is used: samples for training and validation (the rest is the test split),
    what brings its numbers to about 1, and the passes of a student over them. channel: whether its
    samples lack a channel axis.
    """

    name: str
    train: int
    validation: int
    scale: float
    epochs: int
    channel: bool = True
    halved: bool = False


SOURCES = {
    each.name: each
    for each in (
        Source("fashion_mnist", 4000, 1000, 1 / 255, 6, halved=True),
        Source("spoken_digits", 1500, 500, 1 / 255, 12, halved=True),
        Source("mnist1d", 2000, 500, 1.0, 12),
        Source("activity", 1500, 500, 1 / 1024, 12, channel=False),
    )
}

MOST_TEST = 5_000
FEW = 0.1
"""The share of the training samples that keep their labels where labels are few."""


def load(folder: Path, name: str, seed: int) -> DataSet:
    """A data set whose samples are split at random, every seed otherwise; each class gives its
    share of each split.
    """
    source = SOURCES[name]
    with np.load(folder / f"{name}.npz", allow_pickle=False) as found:
        x = np.concatenate([found["x_train"], found["x_test"]])
        y = np.concatenate([found["y_train"], found["y_test"]]).astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(x))
    ends = (source.train, source.train + source.validation)
    parts = [
        _split(x[rows], y[rows], source)
        for rows in (order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] :][:MOST_TEST])
    ]
    return DataSet(parts[0], parts[1], parts[2], name, f"{name}-{seed}", int(y.max()) + 1)


def with_few_labels(data: DataSet, *, unlabelled: bool) -> DataSet:
    """The same with the first samples of every class alone; unlabelled: the others stay, without
    their labels.
    """
    train = data.train
    kept = np.zeros(len(train), dtype=bool)
    for label in range(data.class_count):
        rows = np.flatnonzero(train.y == label)
        kept[rows[: max(1, round(FEW * len(rows)))]] = True
    few = Split(train.x[kept], train.y[kept])
    rest = train.x[~kept] if unlabelled else None
    name = f"{data.sha256}-few{'-and-others' if unlabelled else ''}"
    return replace(data, train=few, unlabelled=rest, sha256=name)


def _split(x: Array, y: Array, source: Source) -> Split:
    scaled = (x * np.float32(source.scale)).astype(np.float32)
    if source.halved:
        n, height, width = scaled.shape
        scaled = scaled.reshape(n, height // 2, 2, width // 2, 2).mean((2, 4))
    return Split(scaled[..., None] if source.channel else scaled, y)
