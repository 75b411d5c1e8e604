"""Samples in groups of the size that one run of a file takes."""

from collections.abc import Sequence

import numpy as np

from edgehone.formats._base import Array


def batches(inputs: Sequence[Array], size: int) -> list[list[Array]]:
    """The samples in groups of `size`, the last one filled up with its own last sample.

    Raises ValueError when the inputs have different numbers of samples.
    """
    counts = {len(array) for array in inputs}
    if len(counts) != 1:
        raise ValueError(f"its inputs have different numbers of samples: {sorted(counts)}")
    return [
        [array[np.minimum(np.arange(start, start + size), len(array) - 1)] for array in inputs]
        for start in range(0, counts.pop(), size)
    ]
