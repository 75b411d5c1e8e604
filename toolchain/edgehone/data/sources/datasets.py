"""A tf.data.Dataset as arrays: batched or not, of known or unknown size, but with an end."""

import sys
from collections.abc import Mapping
from typing import Any

from edgehone.data.sources._base import Array
from edgehone.data.sources.gathering import Gathered
from edgehone.errors import DataError
from edgehone.system.settings import LIMIT

_INFINITE = -1
"""What `tf.data.INFINITE_CARDINALITY` is."""


def is_dataset(value: Any) -> bool:
    """Whether a value is a tf.data.Dataset; TensorFlow is not imported to find out."""
    found = getattr(getattr(sys.modules.get("tensorflow"), "data", None), "Dataset", None)
    return isinstance(found, type) and isinstance(value, found)


def arrays_of(dataset: Any, what: str, most: int | None = None) -> dict[str, Array]:
    """{"x", "y"} of a data set of (x, y), {"x"} of one of x alone, or its arrays by name where x is
    a mapping: (n, ...) each, of all samples in the order they come in, at most the first `most`.

    Raises DataError for one that never ends, or whose samples do not fit into memory, and for
    elements of other shapes.
    """
    if most is None and int(dataset.cardinality()) == _INFINITE:
        raise DataError(
            f"{what} is a data set that never ends.",
            f"Give a part of it, dataset.take(n), or say how many samples to take: {LIMIT}.",
        )
    spec = dataset.element_spec
    _require_element(spec, what)
    gathered = Gathered(what, most, batched=is_batched(spec))
    for element in dataset.as_numpy_iterator():
        if gathered.add(_by_name(element)):
            break
    return gathered.arrays()


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
