"""Which version of an operator a .tflite file must ask for, by the types of what it reads.

A runtime refuses a version that is newer than what it knows. Where a file states an older one, it
runs the kernels that it has: tflite-runtime 2.14 multiplies the sums of a FULLY_CONNECTED whose
channels have scales of their own by a scale of 0, so that every output is its bias, reads 4-bit
kernels of a CONV_2D as 8-bit ones, and takes no notice of scales of blocks. It reports no error.
"""

import copy
from typing import Any

from edgehone.formats import _flatbuffer

_ONE, _SEVERAL, _BLOCKS = "one", "several", "blocks"

_Key = tuple[str, str, str]
"""The types of what is read and of the kernel, and how many scales the kernel has."""


def _whatever_scales(reads: str, kernel: str, version: int) -> dict[_Key, int]:
    return {(reads, kernel, scales): version for scales in (_ONE, _SEVERAL)}


_BY_TYPES: dict[str, dict[_Key, int]] = {
    "CONV_2D": {
        **_whatever_scales("int8", "int8", 3),
        **_whatever_scales("int8", "int4", 7),
        **_whatever_scales("int16", "int8", 4),
        ("float32", "int8", _ONE): 2,
        ("float32", "int8", _SEVERAL): 5,
        **_whatever_scales("float32", "int4", 8),
    },
    "DEPTHWISE_CONV_2D": {
        **_whatever_scales("int8", "int8", 3),
        **_whatever_scales("int16", "int8", 5),
        ("float32", "int8", _ONE): 4,
        ("float32", "int8", _SEVERAL): 6,
    },
    "FULLY_CONNECTED": {
        **_whatever_scales("int8", "int8", 4),
        **_whatever_scales("int8", "int4", 10),
        **_whatever_scales("int16", "int8", 7),
        **_whatever_scales("int16", "int4", 13),
        ("float32", "int8", _ONE): 3,
        ("float32", "int8", _SEVERAL): 12,
        ("float32", "int8", _BLOCKS): 12,
        ("float32", "int4", _BLOCKS): 12,
    },
    "TRANSPOSE_CONV": _whatever_scales("int8", "int8", 2),
}
"""As TensorFlow's converter states them (tensorflow/lite/tools/versioning/op_version.cc). Where
that states nothing, for 4-bit kernels of a CONV_2D that reads floats and for scales of blocks, the
first version that tflite-runtime 2.14 does not know: it computes them wrong."""


def state(model: Any) -> bool:
    """Make every operator's version at least what the types of its operands need, and tell whether
    any was less. Operators of one kind share an entry as long as they need the same version.
    """
    codes: list[Any] = []
    places: dict[tuple[int, int], int] = {}
    raised = False
    for graph in model.subgraphs:
        for operator in graph.operators or ():
            index = int(operator.opcodeIndex)
            stated = int(model.operatorCodes[index].version)
            version = max(stated, least(model, graph, operator))
            raised |= version > stated
            if (index, version) not in places:
                places[index, version] = len(codes)
                codes.append(_with_version(model.operatorCodes[index], version))
            operator.opcodeIndex = places[index, version]
    if codes:
        model.operatorCodes = codes
    return raised


def stated(content: bytes) -> bytes:
    """The same file with versions that its operators need; itself where they are stated."""
    model = _flatbuffer.parse(content, "the quantized file")
    return _flatbuffer.pack(model) if state(model) else content


def least(model: Any, graph: Any, operator: Any) -> int:
    """The first version of the operator's kind that computes it right; 1 where none is known."""
    kinds = _BY_TYPES.get(_flatbuffer.operator_name(model, operator))
    if kinds is None:
        return 1
    data = 2 if _flatbuffer.operator_name(model, operator) == "TRANSPOSE_CONV" else 0
    read, kernel = (graph.tensors[operator.inputs[place]] for place in (data, 1))
    types = (_flatbuffer.type_name(read), _flatbuffer.type_name(kernel))
    return kinds.get((*types, _scales(kernel)), 1)


def _scales(kernel: Any) -> str:
    found = kernel.quantization
    if found is None:
        return _ONE
    if found.details is not None:
        return _BLOCKS
    return _SEVERAL if found.scale is not None and len(found.scale) > 1 else _ONE


def _with_version(code: Any, version: int) -> Any:
    found = copy.copy(code)
    found.version = version
    return found
