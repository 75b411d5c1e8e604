"""A .tflite file without what no runtime reads, and with what is equal in it stored once."""

from collections.abc import Iterator
from typing import Any

from edgehone.errors import ConversionError
from edgehone.formats import _flatbuffer, _layer_names
from edgehone.formats._tflite.appended import appended, with_appended
from edgehone.formats._tflite.pack import content_key, packed

_HINT = "The file works as it is; leave it so."

_TABLES_BYTES = 2**31 - 2**24
"""What offsets of a flatbuffer reach, with room for its tables."""


def repacked(content: bytes, *, layers: bool = False) -> bytes:
    """The same model in fewer bytes: equal vectors, options and constants are one, ranges that a
    calibration recorded and the names of inner tensors are left out.

    layers: keep the names of layers, in a metadata entry (`_layer_names`). Inputs, outputs,
    signatures and metadata keep their names, files appended to the model stay. Raises
    ConversionError when the file has what cannot be carried over, ModelError when it cannot be
    read.
    """
    flatbuffer, files = appended(content)
    model = _flatbuffer.tables(flatbuffer, "the file")
    _require_room(flatbuffer)
    if layers:
        _layer_names.keep(model)
    _without_names(model)
    _without_ranges(model)
    _share_buffers(model)
    return with_appended(packed(model), files)


def same_meaning(content: bytes, other: bytes) -> bool:
    """Whether two files describe the same model, but for recorded ranges, inner tensors' names, and
    where in the file something is.
    """
    return bool(_meaning(content) == _meaning(other))


def _meaning(content: bytes) -> Any:
    flatbuffer, files = appended(content)
    model = _flatbuffer.tables(flatbuffer, "the file")
    _without_names(model)
    _without_ranges(model)
    model.metadata = _layer_names.without(model)
    data = [None if each.data is None else each.data.tobytes() for each in model.buffers]
    for graph in model.subgraphs:
        for tensor in graph.tensors or ():
            tensor.buffer = data[tensor.buffer] or None
    for entry in model.metadata or ():
        entry.buffer = data[entry.buffer] or None
    listed = [] if model.metadataBuffer is None else list(model.metadataBuffer)
    model.metadataBuffer = [data[index] for index in listed]
    model.buffers = None
    return content_key(model), [(each.name, each.content) for each in files]


def _require_room(content: bytes) -> None:
    """Refuse numbers that lie behind the tables because these have no room for them."""
    if len(content) > _TABLES_BYTES:
        raise ConversionError(
            f"It has {len(content):,} bytes, and tables hold {_TABLES_BYTES:,}.", _HINT
        )


def _without_names(model: Any) -> None:
    kept = {0} | {int(each.subgraphIndex or 0) for each in model.signatureDefs or ()}
    for number, graph in enumerate(model.subgraphs):
        ends = _ends(graph) if number in kept else set()
        for index, tensor in enumerate(graph.tensors or ()):
            if index not in ends:
                tensor.name = None


def _ends(graph: Any) -> set[int]:
    return {int(i) for side in (graph.inputs, graph.outputs) if side is not None for i in side}


def _without_ranges(model: Any) -> None:
    for tensor in _tensors(model):
        scales = tensor.quantization
        if scales is None:
            continue
        scales.min = scales.max = None
        held = (scales.scale, scales.zeroPoint)
        if scales.details is None and all(each is None or not len(each) for each in held):
            tensor.quantization = None


def _share_buffers(model: Any) -> None:
    """One buffer for all tensors with equal constants, the first and empty one for those without;
    metadata keep their own, and what nothing refers to goes.
    """
    old, places = model.buffers, dict[Any, int]()
    new = [type(old[0])()]

    def place(key: Any, buffer: Any) -> int:
        if key not in places:
            places[key] = len(new)
            new.append(buffer)
        return places[key]

    for tensor in _tensors(model):
        buffer = old[tensor.buffer]
        held = buffer.data is not None and len(buffer.data)
        tensor.buffer = place(buffer.data.tobytes(), buffer) if held else 0
    for entry in model.metadata or ():
        entry.buffer = place(("metadata", int(entry.buffer)), old[entry.buffer])
    if model.metadataBuffer is not None:
        indices = [place(("metadata", int(i)), old[i]) for i in model.metadataBuffer]
        model.metadataBuffer = model.metadataBuffer.__class__(len(indices))
        model.metadataBuffer[:] = indices
    model.buffers = new


def _tensors(model: Any) -> Iterator[Any]:
    for graph in model.subgraphs:
        yield from graph.tensors or ()
