"""A .tflite file as the entries of a cost table: each operator's shape, and its precision."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone import precisions
from edgehone.formats import _flatbuffer
from edgehone.formats._tflite.anatomy import layer_spec
from edgehone.formats._tflite.operators import BORDERS, operator_spec
from edgehone.values import LayerSpec

FREE = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
"""Operators that move no values."""

_ACTIVATIONS = ("float32", "int8", "int16")
"""Types of activations that a precision stands for."""
_BITS = {"float32": 32, "float16": 16, "int16": 16, "int8": 8, "int4": 4}


@dataclass(frozen=True)
class Entry:
    """One operator: its name in TFLite, its shape, and the precision of its cost; a spec of None:
    no table has it.
    """

    operator: str
    spec: LayerSpec | None
    precision: str


def entries(file: Path) -> Sequence[Entry]:
    """What the main graph computes, in its order; what costs nothing, and conversions of weights,
    which belong to their layers, left out. Raises ModelError.
    """
    model = _flatbuffer.read(file)
    graph = model.subgraphs[0]
    unpacked = {
        int(operator.outputs[0]): graph.tensors[operator.inputs[0]]
        for operator in graph.operators
        if _unpacks(model, graph, operator)
    }
    return [
        _entry(model, graph, operator, unpacked)
        for operator in graph.operators
        if _flatbuffer.operator_name(model, operator) not in FREE
        and not _unpacks(model, graph, operator)
    ]


def _unpacks(model: Any, graph: Any, operator: Any) -> bool:
    """Whether an operator makes weights of what is stored."""
    name = _flatbuffer.operator_name(model, operator)
    return name == "DEQUANTIZE" and _flatbuffer.is_constant(
        model, graph.tensors[operator.inputs[0]]
    )


def _entry(model: Any, graph: Any, operator: Any, unpacked: dict[int, Any]) -> Entry:
    name = _flatbuffer.operator_name(model, operator)
    layer = layer_spec(model, graph, operator)
    if layer is not None:
        return Entry(name, layer, _layer_precision(graph, operator, unpacked))
    spec = operator_spec(model, graph, operator)
    integers = operator.outputs if spec is not None and spec.kind == "quantize" else operator.inputs
    kind = _flatbuffer.type_name(graph.tensors[integers[0]])
    known = kind in _ACTIVATIONS and not (spec and spec.kind in BORDERS and kind == "float32")
    return Entry(name, spec if known else None, _activations_precision(kind))


def _activations_precision(kind: str) -> str:
    """The precision that stands for activations of a type; "": none does."""
    if kind not in _ACTIVATIONS or kind == "float32":
        return kind if kind in _ACTIVATIONS else ""
    return precisions.matching("integer", _BITS["int8"], _BITS[kind]) or ""


def _layer_precision(graph: Any, operator: Any, unpacked: dict[int, Any]) -> str:
    """The precision of an operator with weights, by the types of what it reads; "": of none."""
    read, kernel = _flatbuffer.type_name(graph.tensors[operator.inputs[0]]), operator.inputs[1]
    stored = _flatbuffer.type_name(unpacked.get(int(kernel), graph.tensors[kernel]))
    if read not in _BITS or stored not in _BITS:
        return ""
    if read != "float32":
        return precisions.matching("integer", _BITS[stored], _BITS[read]) or ""
    dynamic = _BITS[stored] <= 8 and int(kernel) not in unpacked
    return precisions.matching("dynamic" if dynamic else "float", _BITS[stored]) or ""
