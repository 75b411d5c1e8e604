"""Data as callers hold it (arrays, pairs of them, tf.data), made into files that actions read."""

import hashlib
from collections.abc import Mapping, Sequence
from os import fspath
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.actions.api.arguments import is_path
from edgehone.actions.api.references import kind
from edgehone.data.sources import NAMES
from edgehone.data.sources._base import BESIDE_NAMES, CLASS_NAMES
from edgehone.data.sources.functions import array_of, by_name
from edgehone.data.sources.loaders import gathered
from edgehone.errors import DataError, UsageError
from edgehone.system.files import whole_file
from edgehone.system.numbers import are_texts, numeric

Array = NDArray[Any]

_HINT = (
    "Give (x, y), ((x_train, y_train), (x_test, y_test)), a dict of x_train, y_train, x_val, … or "
    'of "train", "validation", "test"; a tf.data.Dataset, a keras.utils.PyDataset or a generator; '
    "or the path of an .npz file or a folder of class folders."
)


def source_of(data: Any, folder: Path, what: str = "data") -> str:
    """Data as actions take it: a path or reference as it is; arrays as an .npz file in `folder`,
    called after its content.

    Raises UsageError for what is no data, DataError for arrays that do not fit each other and for
    data sets without an end.
    """
    if is_path(data):
        return str(fspath(data))
    arrays = arrays_by_name(data, what)
    path = folder / f"{what}-{_sha256(arrays)[:16]}.npz"
    if not path.exists():
        with whole_file(path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
    return str(path)


def arrays_by_name(data: Any, what: str) -> dict[str, Array]:
    """Numbers (n, ...) by name: "x", "y", "x_train", …, or the names of a model's inputs."""
    found = _named(data, what)
    arrays = {
        name: array_of(value, name, what)
        for name, value in found.items()
        if value is not None and name not in CLASS_NAMES
    }
    if not arrays:
        raise UsageError(f"{what} is empty.", _HINT)
    for name, array in arrays.items():
        may_be_texts = name in BESIDE_NAMES or (name in NAMES and name.startswith("y"))
        if may_be_texts and are_texts(array):
            arrays[name] = array.astype(str)  # groups, times, labels that are texts
        elif not (name in BESIDE_NAMES and array.dtype.kind == "M"):
            arrays[name] = numeric(array, f"{name} of {what}")
    _require_equal_lengths(arrays, what)
    classes = {name: np.asarray(found[name], str) for name in CLASS_NAMES if name in found}
    return arrays | classes


def _named(data: Any, what: str) -> Mapping[str, Any]:
    found = gathered(data, what)
    if isinstance(found, Mapping | tuple | list):
        return by_name(found, what)
    if hasattr(found, "__array__"):
        return {"x": found}
    by_name({"x": found}, what)  # which says of loaders what they are
    raise UsageError(f"{what} is {kind(found)}, which is no data.", _HINT)


def _require_equal_lengths(arrays: Mapping[str, Array], what: str) -> None:
    """Refuse samples and targets that are not as many as each other: DataError."""
    pairs: Sequence[tuple[str, str]] = [
        (name, f"y{name[1:]}") for name in arrays if name in NAMES and name.startswith("x")
    ]
    pairs = [*pairs, *_marks(arrays)]
    others = [name for name in arrays if name not in (*NAMES, *BESIDE_NAMES)]
    for first, second in [*pairs, *((others[0], other) for other in others[1:])]:
        if second not in arrays:
            continue
        lengths = [len(arrays[name]) if arrays[name].ndim else 0 for name in (first, second)]
        if lengths[0] != lengths[1]:
            raise DataError(
                f"{first} of {what} has {lengths[0]} samples, and {second} has {lengths[1]}.",
                "Give as many of the one as of the other.",
            )


def _marks(arrays: Mapping[str, Array]) -> list[tuple[str, str]]:
    """Samples with each of their groups and times."""
    ends = {name: name.partition("_")[2] for name in arrays if name in BESIDE_NAMES}
    samples = {name: f"x_{end}" if end else "x" for name, end in ends.items()}
    return [(x, name) for name, x in samples.items() if x in arrays]


def _sha256(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].shape} {arrays[name].dtype}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def optional(data: Any, folder: str | Path, what: str = "data") -> str | None:
    """Data as actions take it, or None for no data."""
    return None if data is None else source_of(data, Path(folder), what)
