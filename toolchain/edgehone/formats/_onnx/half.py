"""float16 in ONNX: what float16 cannot hold stays float32, and reads float32 as it is."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.formats._base import Array, Calibration
from edgehone.formats._columns import Column, worst_column
from edgehone.formats._exact import Kept, exact
from edgehone.formats._halves import LARGEST, OUT_OF_RANGE, SMALLEST
from edgehone.formats._held import LEAST_DB, SAMPLES, Ends, unheld, watched
from edgehone.formats._onnx.flow import onnx_flow
from edgehone.formats._onnx.static import activation_ranges, tensor_values

_MARGIN = 2.0
"""How far beyond the largest number that samples gave others may go."""

_COUNTS = "its values index, count or encode classes, which float16 rounds above 2048"
_COARSE = "float16 rounds away what varies in a column that is far from 0"

_READS_EXACTLY = ("counts", "converts", "compares")


def kept_float(model: Any, halves: Collection[str], calibration: Calibration) -> Kept:
    """What must stay float32 of the nodes that are to be float16: what counts, what reads or makes
    numbers that float16 has not, and ends of which it leaves too little.

    Without samples, the constants alone say which numbers there are.
    """
    flow = onnx_flow(model)
    counted = exact(flow, _COUNTS)
    readers = {
        node.name: _COUNTS
        for node in flow.nodes
        if node.role in _READS_EXACTLY and {*node.reads} & _exact_tensors(flow.nodes, counted)
    }
    found = counted | Kept(readers) | Kept(_out_of_range(model, _constant_ranges(model)))
    if calibration.samples:
        some = calibration.some(SAMPLES)
        ranges = activation_ranges(model, some, 100, "min_max")
        found |= Kept(_out_of_range(model, ranges))
        found |= _coarse(_HalfEnds(flow, tensor_values(model, some, watched(flow)), ranges))
    nodes = {name: why for name, why in found.nodes.items() if name in halves}
    return Kept(nodes, found.inputs)


def halved(model: Any, left_out: Collection[str]) -> Any:
    """The model in float16 with float32 borders; the nodes of these names stay float32, and what
    passes between them and the borders is never rounded.
    """
    from onnxruntime.transformers.float16 import convert_float_to_float16

    _part_constants(model, left_out)
    convert: Callable[..., Any] = convert_float_to_float16
    converted = convert(
        model, keep_io_types=True, node_block_list=sorted(left_out), max_finite_val=LARGEST
    )
    _straighten(converted)
    return converted


def _exact_tensors(nodes: Collection[Any], counted: Kept) -> frozenset[str]:
    made = {name for node in nodes if node.name in counted.nodes for name in node.writes}
    return frozenset(made | {*counted.inputs})


def _constant_ranges(model: Any) -> Mapping[str, tuple[float, float]]:
    from onnx import TensorProto, numpy_helper

    arrays = {
        each.name: numpy_helper.to_array(each)
        for each in model.graph.initializer
        if each.data_type == TensorProto.FLOAT
    }
    return {
        name: (float(array.min()), float(array.max()))
        for name, array in arrays.items()
        if array.size and np.isfinite(array).all()
    }


def _out_of_range(model: Any, ranges: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    """Nodes that read or make numbers which float16 has not, with the reason."""
    constants = {each.name for each in model.graph.initializer}
    reasons = {}
    for name, (low, high) in ranges.items():
        most = max(abs(low), abs(high))
        if most * (1 if name in constants else _MARGIN) > LARGEST or 0 < most < SMALLEST:
            reasons[name] = OUT_OF_RANGE
    return {
        node.name: reasons[name]
        for node in model.graph.node
        for name in (*node.input, *node.output)
        if name in reasons
    }


@dataclass(frozen=True)
class _HalfEnds(Ends):
    """Ends of which float16 holds what it can."""

    def held(self, tensor: str) -> Column | None:
        """The column that float16 leaves least of, when that is below LEAST_DB."""
        values = self.values.get(tensor)
        if values is None:
            return None
        worst = worst_column(values, _rounded(values))
        return worst if worst is not None and worst.snr_db < LEAST_DB else None


def _coarse(ends: Ends) -> Kept:
    found = unheld(ends)
    return Kept(dict.fromkeys(found.nodes, _COARSE), dict.fromkeys(found.inputs, _COARSE))


def _rounded(values: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(values, np.float32).astype(np.float16).astype(np.float64)


def _part_constants(model: Any, left_out: Collection[str]) -> None:
    """Give the nodes that stay float32 constants of their own, which are not rounded with those of
    the others.
    """
    constants = {each.name: each for each in model.graph.initializer}
    shared = {name for node in model.graph.node if node.name not in left_out for name in node.input}
    copies: dict[str, str] = {}
    for node in model.graph.node:
        if node.name not in left_out:
            continue
        for place, name in enumerate(node.input):
            if name in constants and name in shared:
                if name not in copies:
                    copies[name] = f"{name}_float32"
                    copy = model.graph.initializer.add()
                    copy.CopyFrom(constants[name])
                    copy.name = copies[name]
                node.input[place] = copies[name]


def _straighten(model: Any) -> None:
    """Take out what casts float32 to float16 and back, which onnxruntime's converter puts between
    nodes and borders that are float32.
    """
    from onnx import TensorProto

    graph = model.graph
    full = {
        value.name
        for value in (*graph.input, *graph.value_info)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }
    makers = {name: node for node in graph.node for name in node.output}
    outputs = {value.name for value in graph.output}
    inputs = {value.name for value in graph.input}
    inner = _read_inside(graph)
    renamed: dict[str, str] = {}
    for node in graph.node:
        narrow = makers.get(node.input[0]) if _casts_to(node, TensorProto.FLOAT) else None
        if narrow is None or not _casts_to(narrow, TensorProto.FLOAT16):
            continue
        source, result = narrow.input[0], node.output[0]
        if source not in full or {source, result} & inner:
            continue
        if result not in outputs:
            renamed[result] = source
        elif source not in inputs and source not in renamed:
            renamed[source] = result
            makers[source].output[:] = [
                result if name == source else name for name in makers[source].output
            ]
            node.output[0] = f"{result}_unread"
    _read_instead(graph, renamed)
    _drop_unread_casts(graph)


def _read_instead(graph: Any, renamed: Mapping[str, str]) -> None:
    for node in graph.node:
        for place, name in enumerate(node.input):
            while name in renamed:
                name = renamed[name]
            node.input[place] = name


def _drop_unread_casts(graph: Any) -> None:
    inner = _read_inside(graph)
    while True:
        read = {name for node in graph.node for name in node.input}
        read |= {value.name for value in graph.output} | inner
        unread = [n for n in graph.node if n.op_type == "Cast" and not read & {*n.output}]
        if not unread:
            return
        for node in unread:
            graph.node.remove(node)


def _read_inside(graph: Any) -> frozenset[str]:
    """Names that the graphs inside of nodes read."""
    inside = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
    names = {name for each in inside for node in each.node for name in node.input}
    names |= {value.name for each in inside for value in each.output}
    return frozenset(names).union(*(_read_inside(each) for each in inside))


def _casts_to(node: Any, kind: int) -> bool:
    return node.op_type == "Cast" and any(a.name == "to" and a.i == kind for a in node.attribute)
