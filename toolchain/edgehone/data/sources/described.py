"""One feature of an example as an array, as its description says."""

from io import BytesIO
from typing import Any

import numpy as np

from edgehone.data.sources._base import Array, Feature
from edgehone.data.sources.examples import values_of
from edgehone.data.sources.folders import Look
from edgehone.data.sources.pixels import picture_in
from edgehone.errors import DataError
from edgehone.system.settings import FEATURES

DTYPES = ("float32", "int64", "uint8", "string", "image")


def array_of(found: Any, name: str, described: Feature, look: Look, where: str) -> Array:
    """A feature of the shape that is described: numbers, a text, or the pixels of an image.

    Raises DataError for one that is missing or holds something else. where: file and record.
    """
    kind, values = values_of(found)
    if not kind or not len(values):
        raise DataError(f"{where} has no {name!r}.", f"Describe what every record has: {FEATURES}.")
    if described.dtype in ("string", "image"):
        if kind != "bytes" or len(values) != 1:
            raise _other(where, name, kind, len(values), described)
        return (
            _text(values[0], where, name)
            if described.dtype == "string"
            else np.asarray(
                look(picture_in(BytesIO(values[0]), f"{name!r} of {where}", look.channels))
            )
        )
    if kind == "bytes":
        array = _raw(values, described, where, name)
    elif kind == "float32" and described.dtype != "float32":
        raise _other(where, name, kind, len(values), described)
    else:
        array = np.array(values, described.dtype if kind == described.dtype else np.float32)
    wanted = int(np.prod(described.shape))
    if array.size != wanted:
        raise _other(where, name, kind, array.size, described)
    return array.reshape(described.shape)


def _raw(values: Any, described: Feature, where: str, name: str) -> Array:
    """Numbers that stand as bytes, as `tf.io.decode_raw` reads them."""
    dtype = np.dtype(described.dtype).newbyteorder("<")
    content = values[0]
    if len(values) != 1 or len(content) % dtype.itemsize:
        raise _other(where, name, "bytes", len(content), described)
    return np.frombuffer(content, dtype).astype(described.dtype)


def _text(content: bytes, where: str, name: str) -> Array:
    try:
        return np.array(content.decode())
    except UnicodeDecodeError as error:
        raise DataError(f"{name!r} of {where} is not UTF-8 text.", "Write it as UTF-8.") from error


def _other(where: str, name: str, kind: str, count: int, described: Feature) -> DataError:
    shape = f" of shape {described.shape}" if described.shape else ""
    return DataError(
        f"{where}: {name!r} holds {count} of {kind}, and is described as {described.dtype}{shape}.",
        f"Correct its description: {FEATURES}.",
    )
