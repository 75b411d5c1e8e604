"""Names of layers in a .tflite file whose tensors have none: a metadata entry of a few bytes."""

import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

NAME = b"edgehone_layers"
"""What the entry of the model is called that leads to the buffer."""

MOST_BYTES = 2**24
"""What is read of names."""

_LINE = re.compile(r"([0-9]{1,9}) (.+)")


def keep(model: Any) -> None:
    """Put the names of what operators of the main graph write into the entry, where one has any
    that is not an end's; tables as `_flatbuffer.tables` gives them.
    """
    from ai_edge_litert import schema_py_generated as schema

    names = _named(model)
    if not names:
        return
    lines = "\n".join(f"{index} {name}" for index, name in names.items())
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(_deflated(lines.encode()), np.uint8)
    entry.name, entry.buffer = NAME, len(model.buffers)
    model.buffers = [*model.buffers, buffer]
    model.metadata = [*without(model), entry]


def kept(model: Any) -> Mapping[int, str]:
    """The names in the entry, by the tensor's place in the main graph; none where there is no
    entry, or one that cannot be read: they are a convenience.
    """
    entry = next((each for each in model.metadata or () if each.name == NAME), None)
    data = model.buffers[entry.buffer].data if entry else None
    if data is None:
        return {}
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = reader.decompress(bytes(bytearray(data)), MOST_BYTES).decode()
    except (zlib.error, UnicodeDecodeError):
        return {}
    found = (_LINE.fullmatch(line) for line in text.split("\n"))
    return {int(match[1]): match[2] for match in found if match}


def without(model: Any) -> list[Any]:
    """The model's metadata entries but for this one."""
    return [each for each in model.metadata or () if each.name != NAME]


def _named(model: Any) -> dict[int, str]:
    graph = model.subgraphs[0]
    ends = {int(i) for side in (graph.inputs, graph.outputs) if side is not None for i in side}
    found = {}
    for operator in graph.operators or ():
        for index in map(int, () if operator.outputs is None else operator.outputs):
            name = graph.tensors[index].name if index >= 0 and index not in ends else None
            text = (name or b"").decode(errors="replace").replace("\n", " ")
            if text:
                found[index] = text
    return found


def _deflated(content: bytes) -> bytes:
    writer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return writer.compress(content) + writer.flush()
