"""What JSON can hold: any value of ours as plain data."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.errors import DataError

Json = dict[str, Any]


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: mappings as dicts, sequences as lists, paths as texts, NumPy's
    numbers as Python's, numbers that are not finite as None. Raises DataError for anything else.
    """
    match value:
        case None | bool() | str() | int():
            return value
        case float() | np.floating():
            return float(value) if math.isfinite(value) else None
        case np.generic() | np.ndarray():
            return plain(value.tolist())
        case Path():
            return str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Sequence() | set() | frozenset():
            items = sorted(value) if isinstance(value, set | frozenset) else value
            return [plain(item) for item in items]
    raise DataError(f"{type(value).__name__} cannot be written as JSON.")


def pair(values: Sequence[Any]) -> tuple[Any, Any]:
    """The two values of a list. Raises ValueError for another number of them."""
    first, second = values
    return first, second


def optional_pair(values: Sequence[Any] | None) -> tuple[Any, Any] | None:
    """The two values of a list, or None where there is none."""
    return None if values is None else pair(values)
