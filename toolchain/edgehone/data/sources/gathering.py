"""Batches or samples that come one by one, gathered into arrays within the memory there is."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgehone.data.sources._base import Array
from edgehone.errors import DataError
from edgehone.system.bounds import GIB, MEMORY_SHARE
from edgehone.system.memory import free_memory
from edgehone.system.settings import LIMIT


class Gathered:
    """What came so far of `what`; most: samples that are taken; None: all. batched: whether what
    comes are batches.
    """

    def __init__(self, what: str, most: int | None, *, batched: bool) -> None:
        self.what, self.most, self.batched = what, most, batched
        self._pieces: dict[str, list[Array]] = {}
        self._left = int(MEMORY_SHARE * min(free_memory(), 64 * GIB))
        self._count = 0

    def add(self, element: Mapping[str, Any]) -> bool:
        """Whether no more is needed after this one. Raises DataError where it does not fit into
        memory.
        """
        arrays = {name: np.asarray(value) for name, value in element.items()}
        for name, array in arrays.items():
            self._left -= array.nbytes
            self._pieces.setdefault(name, []).append(array)
        if self._left < 0:
            raise DataError(
                f"The samples of {self.what} do not fit into memory.",
                f"Give a part of it (dataset.take(n)), or say how many samples to take: {LIMIT}.",
            )
        first = next(iter(arrays.values()))
        self._count += len(first) if self.batched and first.ndim else 1
        return self.most is not None and self._count >= self.most

    def arrays(self) -> dict[str, Array]:
        """All of them: (n, ...) each. Raises DataError for none, and for several shapes."""
        if not self._pieces:
            raise DataError(f"{self.what} is an empty data set.", "Give at least a few samples.")
        join = np.concatenate if self.batched else np.stack
        try:
            found = {name: np.asarray(join(each)) for name, each in self._pieces.items()}
        except ValueError as error:
            raise DataError(
                f"The samples of {self.what} are not of one shape ({error}).",
                "Resize or pad them to the shape that the model takes.",
            ) from error
        return {name: values[: self.most] for name, values in found.items()}
