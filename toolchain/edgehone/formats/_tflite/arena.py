"""How much memory the values of one inference of a .tflite file take, planned ahead.

Values that are not needed at the same time share memory, as TFLite Micro's planner arranges it: to
the byte what it calls the head of its arena with its reference kernels. Not part of it are the tail
(the interpreter's own tables, and what kernels keep), scratch memory of optimised kernels, and the
weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.formats import _flatbuffer

ALIGNMENT = 16
"""Bytes that every value begins at a multiple of."""

_BITS = {
    **{"float32": 32, "float16": 16, "bfloat16": 16, "float64": 64, "bool": 8, "complex64": 64},
    **{f"{sign}int{bits}": bits for sign in ("", "u") for bits in (2, 4, 8, 16, 32, 64)},
}


@dataclass(frozen=True)
class Lifetime:
    """A value's size, and the operators that it is needed from and up to, both included; border:
    whether it is an input or output of the model.
    """

    size: int
    first: int
    last: int
    border: bool = False


def arena_bytes(model: Any) -> int | None:
    """The bytes of the main graph's values; None where they are not known: sizes that are free,
    loops, which have graphs of their own, and values of no fixed size.
    """
    graph = model.subgraphs[0]
    if any(_flatbuffer.inner_graphs(operator) for operator in graph.operators):
        return None
    found = _lifetimes(model, graph)
    return None if found is None else planned(found)


def working_bytes(model: Any) -> int | None:
    """The bytes of the main graph's values where XNNPACK computes them: it plans its own memory for
    what lies between, so inputs and outputs share theirs with nothing. None as for `arena_bytes`.
    """
    graph = model.subgraphs[0]
    if any(_flatbuffer.inner_graphs(operator) for operator in graph.operators):
        return None
    found = _lifetimes(model, graph)
    return None if found is None else working(found)


def working(values: Sequence[Lifetime]) -> int:
    """Values at the borders one beside another, and the plan of the others."""
    borders = sum(value.size for value in values if value.border)
    return borders + planned([value for value in values if not value.border])


def planned(values: Sequence[Lifetime]) -> int:
    """The end of the last value once all are placed (`places`)."""
    return max((at + value.size for at, value in places(values)), default=0)


def places(values: Sequence[Lifetime]) -> list[tuple[int, Lifetime]]:
    """Where each value begins: the largest first, of equal ones the last, each at the lowest place
    that no value of the same time has. Pisarchyk & Lee 2020, algorithm 3, with TFLite Micro's order
    of equal sizes.
    """
    placed: list[tuple[int, Lifetime]] = []
    for _, value in sorted(enumerate(values), key=lambda each: (-each[1].size, -each[0])):
        beside = [(at, other) for at, other in placed if _meet(value, other)]
        placed.append((_free_place(value.size, beside), value))
    return placed


def _free_place(size: int, beside: list[tuple[int, Lifetime]]) -> int:
    at = 0
    for start, other in sorted(beside, key=lambda each: each[0]):
        if start - at >= size:
            break
        at = max(at, start + other.size)
    return at


def _meet(first: Lifetime, second: Lifetime) -> bool:
    return first.first <= second.last and second.first <= first.last


def _lifetimes(model: Any, graph: Any) -> list[Lifetime] | None:
    """Of all values that are given or computed, in the order of the file's tensors; None where a
    size is not known.
    """
    begins = {int(index): 0 for index in graph.inputs}
    ends = {int(index): len(graph.operators) for index in graph.outputs}
    for number, operator in enumerate(graph.operators):
        for index in operator.outputs:
            if index >= 0:
                begins.setdefault(int(index), number)
        for index in operator.inputs:
            if index >= 0:
                ends[int(index)] = max(ends.get(int(index), 0), number)
    borders = {int(index) for index in (*graph.inputs, *graph.outputs)}
    found = []
    for index, begin in sorted(begins.items()):
        tensor = graph.tensors[index]
        size = None if _flatbuffer.is_constant(model, tensor) else _size(tensor)
        if size is None:
            return None
        end = max(ends.get(index, begin), begin)
        found.append(Lifetime(size, begin, end, index in borders))
    return found


def _size(tensor: Any) -> int | None:
    bits = _BITS.get(_flatbuffer.type_name(tensor))
    shape = () if tensor.shape is None else tensor.shape
    free = tensor.shapeSignature is not None and any(size < 0 for size in tensor.shapeSignature[1:])
    if bits is None or free:
        return None
    count = 1
    for size in shape:
        count *= int(size)
    used = -(-count * bits // 8)
    return -(-used // ALIGNMENT) * ALIGNMENT if count > 0 else None
