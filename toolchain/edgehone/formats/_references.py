"""Whether the tables of a .tflite file fit together: sizes, and numbers that point somewhere.

LiteRT's own verifier sees to it that tables lie within the file, not that they make sense.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any

from edgehone.system.bounds import AXES, TENSOR_BYTES, BeyondBoundsError, bytes_text
from edgehone.system.memory import require_memory

_WIDTHS = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 8: 8, 9: 1, 10: 8, 12: 8, 15: 4, 16: 2, 18: 2}
"""Bytes of a number by TensorType; text, variants and parts of a byte are left out."""

_FLOAT32 = 0
"""The type whose constants are read and written anew."""

_LISTS = {
    "model": ("subgraphs", "operatorCodes", "buffers"),
    "graph": ("tensors", "operators", "inputs", "outputs"),
    "operator": ("inputs", "outputs"),
}
"""Lists that a file leaves out where they are empty."""


def completed(model: Any) -> Any:
    """The same model, with empty lists in the place of those that were left out."""
    _fill(model, "model")
    for graph in model.subgraphs:
        _fill(graph, "graph")
        for operator in graph.operators:
            _fill(operator, "operator")
    return model


def fault(model: Any) -> str:
    """The first thing in a completed model that does not fit together; "": all does.

    Raises BeyondBoundsError for tensors that take more memory than there is for them.
    """
    found = next(_faults(model), "")
    if not found:
        sizes = [_size(tensor) for graph in model.subgraphs for tensor in graph.tensors]
        if max(sizes, default=0) > TENSOR_BYTES:
            raise BeyondBoundsError(
                f"one of its tensors has {bytes_text(max(sizes))}, {bytes_text(TENSOR_BYTES)} are "
                "allowed"
            )
        require_memory(sum(sizes), "its tensors take")
    return found


def _fill(table: Any, kind: str) -> None:
    for name in _LISTS[kind]:
        if getattr(table, name) is None:
            setattr(table, name, [])


def _faults(model: Any) -> Iterator[str]:
    if not model.subgraphs:
        yield "it holds no graph"
    for number, graph in enumerate(model.subgraphs):
        where = f"graph {number}"
        for index, tensor in enumerate(graph.tensors):
            yield from _of_tensor(model, tensor, f"tensor {index} of {where}")
        yield from _beyond(graph.inputs, len(graph.tensors), f"an input of {where}")
        yield from _beyond(graph.outputs, len(graph.tensors), f"an output of {where}")
        for index, operator in enumerate(graph.operators):
            yield from _of_operator(model, graph, operator, f"operator {index} of {where}")
    for signature in model.signatureDefs or ():
        yield from _of_signature(model, signature)


def _of_tensor(model: Any, tensor: Any, where: str) -> Iterator[str]:
    yield from _beyond([tensor.buffer], len(model.buffers), f"the buffer of {where}")
    shape = () if tensor.shape is None else tensor.shape
    signature = () if tensor.shapeSignature is None else tensor.shapeSignature
    if len(shape) > AXES or any(size < 0 for size in shape) or any(size < -1 for size in signature):
        yield f"{where} has a shape that cannot be"
        return
    data = model.buffers[tensor.buffer].data if tensor.buffer < len(model.buffers) else None
    stored = 0 if data is None else len(data)
    if stored and tensor.type == _FLOAT32 and not tensor.sparsity and stored < _size(tensor):
        yield f"{where} has {bytes_text(stored)} of numbers, and its shape needs more"
    yield from _of_scales(tensor.quantization, len(shape), where)


def _of_scales(scales: Any, axes: int, where: str) -> Iterator[str]:
    if scales is None or scales.scale is None or not len(scales.scale):
        return
    if not all(math.isfinite(each) and each >= 0 for each in scales.scale):
        yield f"{where} has a scale that is not a number, or a negative one"
    zeros = 0 if scales.zeroPoint is None else len(scales.zeroPoint)
    if zeros not in (1, len(scales.scale)):
        yield f"{where} has {len(scales.scale)} scales and {zeros} zero points"
    if len(scales.scale) > 1 and not 0 <= scales.quantizedDimension < axes:
        yield f"{where} has scales along an axis that is not there"


def _of_operator(model: Any, graph: Any, operator: Any, where: str) -> Iterator[str]:
    count = len(graph.tensors)
    yield from _beyond([operator.opcodeIndex], len(model.operatorCodes), f"the kind of {where}")
    yield from _beyond((i for i in operator.inputs if i != -1), count, f"an input of {where}")
    yield from _beyond((i for i in operator.outputs if i != -1), count, f"an output of {where}")


def _of_signature(model: Any, signature: Any) -> Iterator[str]:
    number = int(signature.subgraphIndex or 0)
    if number >= len(model.subgraphs):
        yield "a signature is of a graph that is not there"
        return
    entries = [*(signature.inputs or ()), *(signature.outputs or ())]
    places = [int(entry.tensorIndex) for entry in entries]
    yield from _beyond(places, len(model.subgraphs[number].tensors), "a tensor of a signature")
    if any(entry.name is None for entry in entries):
        yield "a signature has a tensor without a name"


def _beyond(places: Iterable[int], count: int, what: str) -> Iterator[str]:
    wrong = next((int(place) for place in places if not 0 <= place < count), None)
    if wrong is not None:
        yield f"{what} is number {wrong} of {count}"


def _size(tensor: Any) -> int:
    """The bytes of a tensor's numbers, by its shape; 0 where the type does not tell."""
    shape: Sequence[int] = () if tensor.shape is None else tensor.shape
    return prod(int(size) for size in shape) * _WIDTHS.get(tensor.type, 0)
