"""A tf.data.Dataset as arrays: batched or not, of known or unknown size, but with an end."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import DataError
from edgehone.system.bounds import GIB, MEMORY_SHARE
from edgehone.system.memory import free_memory

Array = NDArray[Any]

_INFINITE = -1
"""What `tf.data.INFINITE_CARDINALITY` is."""
_TAKE = "Give a part of it: dataset.take(n)."


def is_dataset(value: Any) -> bool:
    """Whether a value is a tf.data.Dataset; TensorFlow is not imported to find out."""
    found = getattr(getattr(sys.modules.get("tensorflow"), "data", None), "Dataset", None)
    return isinstance(found, type) and isinstance(value, found)


def arrays_of(dataset: Any, what: str) -> dict[str, Array]:
    """{"x", "y"} of a data set of (x, y), {"x"} of one of x alone, or its arrays by name where x is
    a mapping: (n, ...) each, of all samples in the order they come in.

    Raises DataError for one that never ends, or whose samples do not fit into memory, and for
    elements of other shapes.
    """
    if int(dataset.cardinality()) == _INFINITE:
        raise DataError(f"{what} is a data set that never ends.", _TAKE)
    spec = dataset.element_spec
    _require_element(spec, what)
    pieces: dict[str, list[Array]] = {}
    left = int(MEMORY_SHARE * min(free_memory(), 64 * GIB))
    for element in dataset.as_numpy_iterator():
        for name, value in _by_name(element).items():
            array = np.asarray(value)
            left -= array.nbytes
            pieces.setdefault(name, []).append(array)
        if left < 0:
            raise DataError(f"The samples of {what} do not fit into memory.", _TAKE)
    if not pieces:
        raise DataError(f"{what} is an empty data set.", "Give at least a few samples.")
    join = np.concatenate if is_batched(spec) else np.stack
    try:
        return {name: np.asarray(join(found)) for name, found in pieces.items()}
    except ValueError as error:
        raise DataError(
            f"The samples of {what} are not of one shape ({error}).",
            "Resize or pad them to the shape that the model takes.",
        ) from error


def is_batched(spec: Any) -> bool:
    """Whether elements of this specification are batches: of any number of samples (the first axis
    has no size), or of as many x as y.
    """
    first = [each.shape[:1].as_list() for each in _by_name(spec).values() if each.shape.rank != 0]
    scalars = any(each.shape.rank == 0 for each in _by_name(spec).values())
    if scalars or not first:
        return False
    if all(size == [None] for size in first):
        return True
    return len(first) > 1 and all(size == first[0] for size in first)


def _by_name(element: Any) -> dict[str, Any]:
    """An element's parts by name; works on elements and on their specification."""
    parts = element if isinstance(element, tuple) else (element,)
    found = dict(parts[0]) if isinstance(parts[0], Mapping) else {"x": parts[0]}
    return found | {"y": parts[1]} if len(parts) == 2 else found


def _require_element(spec: Any, what: str) -> None:
    parts = spec if isinstance(spec, tuple) else (spec,)
    flat = [*_by_name(spec).values()]
    if len(parts) > 2 or not all(hasattr(each, "shape") for each in flat):
        held = " and ".join(type(each).__name__ for each in parts)
        raise DataError(
            f"Elements of {what} are {len(parts)} values ({held}), not (x, y).",
            "Drop weights and the like: dataset.map(lambda x, y, *_: (x, y)).",
        )
