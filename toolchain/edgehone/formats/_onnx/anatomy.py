"""The layers of an .onnx file with their shapes: what makes each one as large as it is."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

from edgehone.formats._onnx.audit import audit, read
from edgehone.formats._onnx.kernels import WITH_SCALES
from edgehone.values import LayerSpec, Plain

_CONVOLUTIONS = ("Conv", "FusedConv", "QLinearConv", "ConvInteger")
_PRODUCTS = (
    *("Gemm", "MatMul", "QGemm", "QLinearMatMul", "MatMulInteger", "MatMulIntegerToFloat"),
    *("FusedMatMul", "FusedGemm", "DynamicQuantizeMatMul"),
)

_OTHERWISE = (
    *("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM", "Loop", "Scan", "If", "Einsum"),
    *("Attention", "QAttention", "MultiHeadAttention", "GroupQueryAttention"),
)
"""Operators that sum products up in ways that are not counted here."""

Shape = tuple[int, ...]


def anatomy(file: Path) -> list[Plain]:
    """The nodes of the main graph, with batches of one where the file leaves that free; see
    `Format.anatomy`. macs is None where shapes are not known.
    """
    model, layers = read(file), audit(file)["layers"]
    shapes = _shapes(model)
    return [
        _layer(node, layer, shapes) for node, layer in zip(model.graph.node, layers, strict=True)
    ]


def _layer(node: Any, layer: Plain, shapes: Mapping[str, Shape]) -> Plain:
    spec = _spec(node, shapes)
    return {
        "name": layer["name"],
        "operator": layer["operator"],
        "type": str((layer.get("types") or [""])[-1]),
        "bytes": int(layer["weight_bytes"]),
        "macs": _macs(node, shapes),
        "channels": _channels(node, shapes),
        "spec": spec,
    }


def _shapes(model: Any) -> dict[str, Shape]:
    """Those of all tensors whose sizes are known."""
    import onnx

    del model.graph.value_info[:]  # which may tell of another batch
    for port in model.graph.input:
        sizes = port.type.tensor_type.shape.dim
        if len(sizes) and not sizes[0].dim_value:
            sizes[0].dim_value = 1
    graph = model.graph
    # Where it fails, shapes of constants and borders are known all the same.
    with suppress(onnx.shape_inference.InferenceError, ValueError):
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    found = {each.name: tuple(each.dims) for each in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        sizes = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(size.dim_value for size in sizes):
            found[value.name] = tuple(int(size.dim_value) for size in sizes)
    return found


def _numbers(node: Any, shapes: Mapping[str, Shape]) -> tuple[Shape, Shape, Shape] | None:
    """The shapes of what a node reads, of its weights and of what it writes; None: not all known.

    Where only the result is not known, it is ().
    """
    places = WITH_SCALES.get(node.op_type, (0, 1))
    names = [node.input[place] if place < len(node.input) else "" for place in places[:2]]
    found = [shapes.get(name) for name in names]
    if len(found) < 2 or found[0] is None or found[1] is None:
        return None
    return found[0], found[1], _result(node, shapes)


def _result(node: Any, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of what a node writes first; () where it is not known."""
    return shapes.get(node.output[0], ()) if node.output else ()


def _macs(node: Any, shapes: Mapping[str, Shape]) -> int | None:
    """Multiply-adds of one run: results times what is summed up for each; 0 of operators that do
    not sum products.
    """
    kind = node.op_type
    if kind in _OTHERWISE:
        return None
    if kind == "MatMulNBits":
        writes = _result(node, shapes)
        return prod(writes) * _attribute(node, "K", 0) if writes else None
    if kind not in (*_CONVOLUTIONS, *_PRODUCTS, "ConvTranspose"):
        return 0
    sizes = _numbers(node, shapes)
    if sizes is None:
        return None
    reads, weights, writes = sizes
    if kind == "ConvTranspose":
        return prod(reads) * prod(weights[1:])
    if not writes:
        return None
    if kind in _CONVOLUTIONS:
        return prod(writes) * prod(weights[1:])
    return prod(writes) * _inner(node, weights)


def _channels(node: Any, shapes: Mapping[str, Shape]) -> tuple[int, int] | None:
    """What a layer with weights reads and writes."""
    kind = node.op_type
    if kind == "MatMulNBits":
        return _attribute(node, "K", 0), _attribute(node, "N", 0)
    sizes = _numbers(node, shapes)
    if sizes is None or len(sizes[1]) < 2:
        return None
    weights, group = sizes[1], _attribute(node, "group", 1)
    if kind in _CONVOLUTIONS:
        return weights[1] * group, weights[0]
    if kind == "ConvTranspose":
        return weights[0], weights[1] * group
    if kind in _PRODUCTS and len(weights) == 2:
        inner = _inner(node, weights)
        return inner, prod(weights) // inner if inner else 0
    return None


def _inner(node: Any, weights: Shape) -> int:
    """How many products one result of a matrix product sums up."""
    if len(weights) < 2:
        return weights[-1] if weights else 0
    return weights[-1] if _attribute(node, "transB", 0) else weights[-2]


def _spec(node: Any, shapes: Mapping[str, Shape]) -> LayerSpec | None:
    """The layer by its shapes, as `layer_model` builds it; None for others."""
    sizes, channels = _numbers(node, shapes), _channels(node, shapes)
    if sizes is None or channels is None or not all(channels):
        return None
    reads, weights, writes = sizes
    if node.op_type in _PRODUCTS:
        return LayerSpec("dense", 1, 1, *channels) if prod(reads) == channels[0] else None
    if node.op_type not in _CONVOLUTIONS or len(reads) not in (3, 4) or not writes:
        return None
    strides = _attribute(node, "strides", (1,) * (len(reads) - 2))
    if len(weights) != len(reads) or len(strides) != len(reads) - 2:
        return None
    group = _attribute(node, "group", 1)
    if group > 1 and not group == channels[0] == channels[1]:
        return None
    height, width = _plane(reads[2:])
    return LayerSpec(
        "depthwise" if group > 1 else "conv",
        height,
        width,
        *channels,
        _plane(weights[2:]),
        _plane(strides),
        _padding(node),
    )


def _plane(sizes: Sequence[int]) -> tuple[int, int]:
    """Two sizes of one or two."""
    first, *rest = (int(size) for size in sizes)
    return (first, rest[0]) if rest else (1, first)


def _padding(node: Any) -> str:
    automatic = _attribute(node, "auto_pad", b"NOTSET")
    if automatic in (b"SAME_UPPER", b"SAME_LOWER"):
        return "same"
    return "same" if automatic == b"NOTSET" and any(_attribute(node, "pads", ())) else "valid"


def _attribute(node: Any, name: str, otherwise: Any) -> Any:
    """An attribute's value, in the type of `otherwise`."""
    found = next((each for each in node.attribute if each.name == name), None)
    if found is None:
        return otherwise
    match otherwise:
        case bytes():
            return bytes(found.s)
        case tuple():
            return tuple(found.ints)
        case _:
            return int(found.i)
