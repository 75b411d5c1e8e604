"""The layers of a .tflite file with their shapes: what makes each one as large as it is."""

from pathlib import Path
from typing import Any

from edgehone.formats import _flatbuffer
from edgehone.formats._tflite.delegates import macs_of
from edgehone.values import LayerSpec, Plain

_KINDS = {"CONV_2D": "conv", "DEPTHWISE_CONV_2D": "depthwise", "FULLY_CONNECTED": "dense"}
_RELUS = (1, 3)
"""The schema's RELU and RELU6, which cost the same."""
_SPATIAL = 4
"""Dimensions of what a convolution reads: batch, height, width, channels."""


def anatomy(file: Path) -> list[Plain]:
    """The operators of the main graph; see `Format.anatomy`."""
    model = _flatbuffer.read(file)
    graph = model.subgraphs[0]
    return [_layer(model, graph, operator) for operator in graph.operators]


def _layer(model: Any, graph: Any, operator: Any) -> Plain:
    kind = _flatbuffer.operator_name(model, operator)
    spec = layer_spec(model, graph, operator)
    tensors = [graph.tensors[index] for index in operator.inputs if index >= 0]
    outputs = [graph.tensors[index] for index in operator.outputs if index >= 0]
    return {
        "name": _flatbuffer.label(graph, operator),
        "operator": kind,
        "type": _flatbuffer.type_name(outputs[0]) if outputs else "",
        "bytes": sum(_flatbuffer.constant_bytes(model, tensor) for tensor in tensors),
        "macs": macs_of(model, graph, operator),
        "channels": None if spec is None else (spec.in_channels, spec.out_channels),
        "spec": spec,
    }


def layer_spec(model: Any, graph: Any, operator: Any) -> LayerSpec | None:
    """The layer by its shapes; None for other operators, and for shapes that are not fixed."""
    kind = _flatbuffer.operator_name(model, operator)
    if kind not in _KINDS:
        return None
    shapes = [_sizes(graph.tensors[index]) for index in (*operator.inputs[:2], operator.outputs[0])]
    read, kernel, written = shapes
    if not all(shapes) or not all(size > 0 for shape in shapes for size in shape):
        return None
    relu = int(getattr(operator.builtinOptions, "fusedActivationFunction", 0) or 0) in _RELUS
    if kind == "FULLY_CONNECTED":
        return LayerSpec("dense", 1, 1, kernel[1], kernel[0], relu=relu)
    if len(read) != _SPATIAL or len(kernel) != _SPATIAL or len(written) != _SPATIAL:
        return None
    options = operator.builtinOptions
    return LayerSpec(
        "depthwise" if kind == "DEPTHWISE_CONV_2D" else "conv",
        read[1],
        read[2],
        read[3],
        written[3],
        (kernel[1], kernel[2]),
        (int(options.strideH), int(options.strideW)),
        "valid" if int(options.padding) else "same",
        relu,
    )


def _sizes(tensor: Any) -> tuple[int, ...]:
    return () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
