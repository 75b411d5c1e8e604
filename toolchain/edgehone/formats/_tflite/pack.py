"""How a .tflite file is written with everything that is equal in it stored once."""

from collections.abc import Hashable
from typing import Any

import flatbuffers
import numpy as np

from edgehone.formats._base import Array

_IDENTIFIER = b"TFL3"

_DATA_ALIGNMENT = 16
"""What the schema asks for the data of buffers, in bytes (`force_align`)."""


def packed(model: Any) -> bytes:
    """The content of the file that `model` describes, a `ModelT` whose vectors are arrays.

    Equal vectors and strings become one, and so do equal tables of quantization and of operators'
    options: a flatbuffer is read by following offsets, of which many may lead to one place.
    """
    shared: dict[Hashable, _Once] = {}
    _share(model, shared)
    builder = _Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def content_key(value: Any) -> Hashable:
    """Equal for tables, vectors and numbers of equal content."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, list):
        return tuple(content_key(each) for each in value)
    if hasattr(value, "Pack"):
        fields = sorted(vars(value).items())
        return (type(value).__name__, *((name, content_key(each)) for name, each in fields))
    return (type(value).__name__, value)


class _Builder(flatbuffers.Builder):  # type: ignore[misc]  # untyped library
    """Writes no vector and no string twice."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._places: dict[Hashable, int] = {}

    def CreateNumpyVector(self, x: Array) -> int:  # noqa: N802 - flatbuffers' name
        """The place of a vector, written unless an equal one has been."""
        key = ("vector", x.dtype.alignment, x.itemsize, x.tobytes())
        if key not in self._places:
            self._places[key] = int(super().CreateNumpyVector(x))
        return self._places[key]

    def CreateString(self, s: Any, *options: Any) -> int:  # noqa: N802 - flatbuffers' name
        """The place of a string, written unless an equal one has been."""
        text = s if isinstance(s, bytes) else str(s).encode()
        key = ("string", text)
        if key not in self._places:
            self._places[key] = int(super().CreateString(text, *options))
        return self._places[key]

    def aligned(self, data: Array) -> int:
        """The place of a buffer's data, newly written at its alignment."""
        self.StartVector(1, data.size, _DATA_ALIGNMENT)
        content = data.tobytes()
        self.head -= len(content)
        self.Bytes[self.head : self.head + len(content)] = content
        self.vectorNumElems = data.size
        return int(self.EndVector())


class _Once:
    """A table that is written where it is first referred to, and referred to from then on."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._place: int | None = None

    def Pack(self, builder: Any) -> int:  # noqa: N802 - flatbuffers' name
        """The table's place in the file."""
        if self._place is None:
            self._place = int(self._table.Pack(builder))
        return self._place


class _Buffer:
    """A buffer whose data is aligned."""

    def __init__(self, buffer: Any) -> None:
        self._buffer = buffer

    def Pack(self, builder: Any) -> int:  # noqa: N802 - flatbuffers' name
        """The buffer's place in the file."""
        from ai_edge_litert import schema_py_generated as schema

        data = self._buffer.data
        place = None if data is None else builder.aligned(np.asarray(data, np.uint8))
        schema.BufferStart(builder)
        if place is not None:
            schema.BufferAddData(builder, place)
        return int(schema.BufferEnd(builder))


def _share(model: Any, shared: dict[Hashable, _Once]) -> None:
    """Put one table in the place of all that are equal to it."""

    def one(table: Any) -> Any:
        return None if table is None else shared.setdefault(content_key(table), _Once(table))

    model.buffers = [_Buffer(each) for each in model.buffers]
    for graph in model.subgraphs:
        for tensor in graph.tensors or ():
            tensor.quantization = one(tensor.quantization)
        for operator in graph.operators or ():
            operator.builtinOptions = one(operator.builtinOptions)
            operator.builtinOptions2 = one(operator.builtinOptions2)
