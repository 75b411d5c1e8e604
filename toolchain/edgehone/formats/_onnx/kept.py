"""What of a float .onnx model stays float under a plan of integers, and how it is left to read
floats.
"""

from collections.abc import Collection
from typing import Any

from edgehone.formats._base import Calibration
from edgehone.formats._exact import Kept, exact
from edgehone.formats._held import SAMPLES, Ends, unheld, watched
from edgehone.formats._onnx.flow import onnx_flow
from edgehone.formats._onnx.naming import KERNEL_OPERATORS
from edgehone.formats._onnx.static import Ranges, tensor_values

_READS_EXACTLY = ("counts", "converts", "compares")
"""Roles of nodes that are never quantized, and read a number as it is."""

_WEIGHTED = (*KERNEL_OPERATORS, "Gather")
"""Operators whose weights become integers where activations do not."""


def kept_float(
    model: Any,
    quantized: Collection[str],
    ranges: Ranges,
    calibration: Calibration,
    *,
    symmetric: bool,
) -> Kept:
    """What must stay float of the nodes that are to be quantized, as `_tflite.kept` has it."""
    flow = onnx_flow(model)
    values = tensor_values(model, calibration.some(SAMPLES), watched(flow))
    found = exact(flow) | unheld(Ends(flow, values, ranges, 8, symmetric))
    nodes = {name: why for name, why in found.nodes.items() if name in quantized}
    makers = {name: flow.maker[name].name for name in flow.outputs if name in flow.maker}
    outputs = {name: why for name, why in found.outputs.items() if makers.get(name) in nodes}
    return Kept(nodes, found.inputs, outputs)


def kept_weights(model: Any, rounded: Collection[str]) -> Kept:
    """What must stay float of the nodes whose weights alone are to be integers: those that compute
    or look up what counts.
    """
    flow = onnx_flow(model)
    weighted = {node.name for node in model.graph.node if node.op_type in _WEIGHTED}
    nodes = {
        name: why for name, why in exact(flow).nodes.items() if name in rounded and name in weighted
    }
    return Kept(nodes)


def read_floats(paired: Any, model: Any, quantized: Collection[str]) -> None:
    """Let nodes that are not quantized read a tensor itself where onnxruntime gave all its readers
    the dequantized copy; `paired` is changed. A tensor that a quantized node writes has no other.

    model: what `paired` was made of. quantized: names of nodes that compute in integers.
    """
    exact_readers = {node.name for node in onnx_flow(model).nodes if node.role in _READS_EXACTLY}
    written = {name for node in model.graph.node if node.name in quantized for name in node.output}
    sources = {
        node.output[0]: node.input[0]
        for node in paired.graph.node
        if node.op_type == "QuantizeLinear"
    }
    copies = {
        node.output[0]: sources[node.input[0]]
        for node in paired.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in sources
    }
    names = {node.name for node in model.graph.node}
    for node in paired.graph.node:
        if node.name not in names or (node.name in quantized and node.name not in exact_readers):
            continue
        for place, name in enumerate(node.input):
            if name in copies and copies[name] not in written:
                node.input[place] = copies[name]
    _drop_unread(paired)


def _drop_unread(model: Any) -> None:
    """Remove conversions whose results nothing reads."""
    shown = {value.name for value in model.graph.output}
    for kind in ("DequantizeLinear", "QuantizeLinear"):
        read = {name for node in model.graph.node for name in node.input} | shown
        unread = [
            node for node in model.graph.node if node.op_type == kind and not read & {*node.output}
        ]
        for node in unread:
            model.graph.node.remove(node)
