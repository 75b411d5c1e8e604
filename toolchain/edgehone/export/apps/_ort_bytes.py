"""The same model, the same .ort bytes: ONNX Runtime lays one table of the file out at random.

The file is a FlatBuffer that is written from its end: the model first, then the table that tells
which types of a kernel come from which inputs. That one is written in the order of a hash map that
is another in each process, and lies before the model. It is written anew here, in the order of its
names; the model's bytes stay as they are.
"""

import struct
from collections.abc import Mapping
from typing import Any

IDENTIFIER = b"ORTM"

_VERSION, _MODEL, _RESOLVER = 0, 1, 3
"""Fields of the root table; the second, a session's state, is not written any more."""

_ALIGNED = 16

Kernels = Mapping[bytes, Mapping[bytes, tuple[tuple[int, int], ...]]]
"""By operator, by the name of a type: inputs (0) and outputs (1) that have it, with their index."""


def in_order(content: bytes) -> bytes:
    """The file with that table in order; as it is where it has none. Raises ValueError for what is
    laid out otherwise.
    """
    import flatbuffers
    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import (
        InferenceSession,
    )

    session = InferenceSession.GetRootAsInferenceSession(content, 0)
    model, resolver = session.Model(), session.KernelTypeStrResolver()
    if content[4:8] != IDENTIFIER or model is None:
        raise ValueError("it is no model of ONNX Runtime")
    if resolver is None:
        return content
    begin = _begin(content, model._tab.Pos)
    if not 8 <= resolver._tab.Pos < begin:
        raise ValueError("the types of kernels do not lie before the model")
    builder = flatbuffers.Builder(0)
    tail = content[begin:]
    builder.Bytes, builder.head, builder.minalign = bytearray(tail), 0, _ALIGNED
    types = _written(builder, _kernels(resolver))
    version = builder.CreateString(session.OrtVersion())
    builder.StartObject(4)
    builder.PrependUOffsetTRelativeSlot(_VERSION, version, 0)
    builder.PrependUOffsetTRelativeSlot(_MODEL, len(content) - model._tab.Pos, 0)
    builder.PrependUOffsetTRelativeSlot(_RESOLVER, types, 0)
    builder.Finish(builder.EndObject(), IDENTIFIER)
    return bytes(builder.Output())


def _begin(content: bytes, model: int) -> int:
    """Where the model's bytes begin: at its table, or at what describes it just before."""
    described = model - struct.unpack_from("<i", content, model)[0]
    return described if described < model else model


def _kernels(resolver: Any) -> Kernels:
    found: dict[bytes, dict[bytes, tuple[tuple[int, int], ...]]] = {}
    for place in range(resolver.OpKernelTypeStrArgsLength()):
        entry = resolver.OpKernelTypeStrArgs(place)
        types = (entry.KernelTypeStrArgs(i) for i in range(entry.KernelTypeStrArgsLength()))
        found[entry.OpId()] = {
            each.KernelTypeStr(): tuple(
                (each.Args(i).ArgType(), each.Args(i).Index()) for i in range(each.ArgsLength())
            )
            for each in types
        }
    return found


def _written(builder: Any, kernels: Kernels) -> int:
    entries = []
    for operator, types in sorted(kernels.items()):
        named = []
        for name, places in sorted(types.items()):
            args = _vector(builder, [_argument(builder, *place) for place in places])
            named.append(_table(builder, builder.CreateString(name), args))
        inner = _vector(builder, named)
        entries.append(_table(builder, builder.CreateString(operator), inner))
    vector = _vector(builder, entries)
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, vector, 0)
    return int(builder.EndObject())


def _argument(builder: Any, kind: int, index: int) -> int:
    builder.StartObject(2)
    builder.PrependInt8Slot(0, kind, 0)
    builder.PrependUint32Slot(1, index, 0)
    return int(builder.EndObject())


def _table(builder: Any, key: int, values: int) -> int:
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, key, 0)
    builder.PrependUOffsetTRelativeSlot(1, values, 0)
    return int(builder.EndObject())


def _vector(builder: Any, entries: list[int]) -> int:
    builder.StartVector(4, len(entries), 4)
    for each in reversed(entries):
        builder.PrependUOffsetTRelative(each)
    return int(builder.EndVector())
