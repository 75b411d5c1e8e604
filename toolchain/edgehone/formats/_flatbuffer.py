"""How a .tflite file is read and written as objects, and what its operators are called."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.errors import ModelError
from edgehone.formats import _references, _unnamed
from edgehone.formats._base import Array
from edgehone.formats._interpreter import open_interpreter
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES, BeyondBoundsError
from edgehone.system.library_errors import sentence

KERNEL_OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
"""Operators whose second input is a layer's kernel."""

MALFORMED = (
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
)
"""What reading a damaged file's tables raises."""


def read(path: Path) -> Any:
    """A .tflite file as a tree of objects (`ModelT`). Raises ModelError when it is damaged."""
    return parse(content(path), str(path))


def content(path: Path) -> bytes:
    """A file's bytes. Raises StorageError, and ModelError when they are too many."""
    return files.content(path, MODEL_BYTES, ModelError)


def parse(content: bytes, name: str) -> Any:
    """A .tflite file's content as objects, with names for tensors that have none; `name` is what
    an error calls it.
    """
    model = _parsed(content, name)
    _unnamed.name_tensors(model, operator_name)
    return model


def named(content: bytes) -> bytes:
    """The same file, with a name for every tensor: `content` itself where all have one."""
    model = _parsed(content, "the file")
    return pack(model) if _unnamed.name_tensors(model, operator_name) else content


def _parsed(content: bytes, name: str) -> Any:
    from ai_edge_litert.tools import flatbuffer_utils

    if content[4:8] != b"TFL3":
        raise damaged(name, "it does not start like a TFLite file")
    _verify(content, name)
    try:
        model = flatbuffer_utils.read_model_from_bytearray(content)
        wrong = _references.fault(_references.completed(model))
    except BeyondBoundsError as error:
        raise damaged(name, str(error)) from error
    except MALFORMED as error:
        raise damaged(name, "its tables cannot be read") from error
    if wrong:
        raise damaged(name, wrong)
    return model


def tables(content: bytes, name: str) -> Any:
    """A .tflite file's content as objects whose vectors are arrays of their own types, as they are
    in the file. Raises ModelError when it is damaged.
    """
    from ai_edge_litert.tools import flatbuffer_utils

    try:
        model = flatbuffer_utils.convert_bytearray_to_object(content)
        _bring_in(model, content)
    except MALFORMED as error:
        raise damaged(name, "its tables cannot be read") from error
    return model


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Raise ModelError where tables that can be read make no sense together."""
    try:
        yield
    except MALFORMED as error:
        raise damaged(name, f"what is in it makes no sense ({sentence(error)})") from error


def _bring_in(model: Any, content: bytes) -> None:
    """Put into the tables what lies behind them, at offsets from the file's start."""
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(_part(content, buffer.offset, buffer.size), np.uint8)
        buffer.offset = buffer.size = 0
    for graph in model.subgraphs:
        for operator in graph.operators or ():
            place, size = operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize
            if place > 1:
                operator.customOptions = np.frombuffer(_part(content, place, size), np.uint8)
            operator.largeCustomOptionsOffset = operator.largeCustomOptionsSize = 0


def _part(content: bytes, offset: int, size: int) -> bytes:
    if offset + size > len(content):
        raise ValueError("what lies behind the tables is cut off")
    return content[offset : offset + size]


def pack(model: Any) -> bytes:
    """The content of the .tflite file that `model` describes."""
    from ai_edge_litert.tools import flatbuffer_utils

    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def label(graph: Any, operator: Any) -> str:
    """What an operator is called: as the first tensor that it writes; "" where it writes none."""
    written = [index for index in operator.outputs if index >= 0]
    return tensor_name(graph.tensors[written[0]]) if written else ""


def operator_name(model: Any, operator: Any) -> str:
    """The operator's name: "CONV_2D", and for custom ones their own, as "FlexErf"."""
    code = model.operatorCodes[operator.opcodeIndex]
    if code.customCode:
        return str(code.customCode.decode(errors="replace"))
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _names("BuiltinOperator").get(number, f"OPERATOR_{number}")


def is_custom(model: Any, operator: Any) -> bool:
    """Whether the operator is not one of TFLite's own."""
    return bool(model.operatorCodes[operator.opcodeIndex].customCode)


def inner_graphs(operator: Any) -> tuple[int, ...]:
    """The subgraphs that a loop (WHILE) or a choice (IF) runs: condition and body, or branches."""
    options = operator.builtinOptions
    fields = ("condSubgraphIndex", "bodySubgraphIndex", "thenSubgraphIndex", "elseSubgraphIndex")
    return tuple(int(getattr(options, name)) for name in fields if hasattr(options, name))


def type_name(tensor: Any) -> str:
    """The tensor's data type in lower case: "float32", "int8", "int4"."""
    return _names("TensorType").get(tensor.type, f"type_{tensor.type}").lower()


def tensor_name(tensor: Any) -> str:
    """The tensor's name as text."""
    return tensor.name.decode(errors="replace") if tensor.name else ""


def is_constant(model: Any, tensor: Any) -> bool:
    """Whether the tensor's values are in the file."""
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def constant_bytes(model: Any, tensor: Any) -> int:
    """Bytes the tensor's values take in the file; 0 when they are not in it."""
    return len(model.buffers[tensor.buffer].data) if is_constant(model, tensor) else 0


def float_constant(model: Any, tensor: Any) -> Array | None:
    """A float32 constant's values in its shape, or None when the tensor is something else."""
    if type_name(tensor) != "float32" or not is_constant(model, tensor):
        return None
    data = bytes(model.buffers[tensor.buffer].data)
    return np.frombuffer(data, np.float32).reshape([int(size) for size in tensor.shape])


@cache
def _names(enumeration: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    members = vars(getattr(schema, enumeration))
    return {value: name for name, value in members.items() if isinstance(value, int)}


def _verify(content: bytes, name: str) -> None:
    """Let the runtime's own verifier look for offsets that point outside the file."""
    try:
        open_interpreter(content, allocate=False)
    except ValueError as error:
        if "flatbuffer" in str(error).lower():
            raise damaged(name, "it is truncated or damaged") from error


def damaged(name: str, reason: str) -> ModelError:
    """The error about a file that cannot be read."""
    return ModelError(
        f"Cannot read {name}: {reason}.", "Export the model again, or copy the file once more."
    )
