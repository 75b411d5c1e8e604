"""Which labels of a table are texts that nothing gives an order yet."""

from pathlib import Path

import numpy as np

from edgehone.data import sources
from edgehone.system.numbers import are_texts

TABLES = (".csv", ".tsv", ".parquet", ".pq")

MOST = 1000
"""Different texts; more are no labels of classes."""


def text_labels(source: str) -> tuple[str, ...]:
    """The texts that are labels in a table, by name; () for all else, whose classes have an order.
    Errors are those of `sources.read`.
    """
    if Path(source).suffix.lower() not in TABLES:
        return ()
    raw = sources.read(source)
    targets = [raw.arrays[name] for name in ("y", "y_train") if name in raw.arrays]
    if not targets or not are_texts(targets[0]):
        return ()
    found = [str(each) for each in np.unique(targets[0].astype(str))]
    return tuple(found) if len(found) <= MOST else ()
