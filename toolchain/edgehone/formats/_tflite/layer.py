"""One-layer .tflite files, written without a converter: what a layer costs on a device."""

from typing import Any

import numpy as np

from edgehone import precisions
from edgehone.formats._base import Array, random_weights
from edgehone.formats._flatgraph import Graph, Quantization
from edgehone.formats._tflite import operators
from edgehone.formats._tflite.operators import (
    ACTIVATION_SCALES,
    activation_tensor,
    activation_type,
)
from edgehone.values import LayerSpec

_OPERATORS = {"conv": "CONV_2D", "depthwise": "DEPTHWISE_CONV_2D", "dense": "FULLY_CONNECTED"}
_KERNEL_SCALES = {"INT8": 1 / 127, "INT4": 1 / 7}
_BIASES: dict[str, tuple[str, Any]] = {"INT8": ("INT32", np.int32), "INT16": ("INT64", np.int64)}


def layer_model(spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
    """A whole .tflite file holding the one operator of `spec`, with the types that
    litert-quantizer gives it; or the reason why this layer has no such precision.

    among: the precision of the layers around it; where activations differ, they are converted.
    """
    for name in (precision, among or precision):
        if name not in precisions.names():
            return f"TFLite has no precision {name!r}"
    if spec.kind in operators.KINDS:
        return operators.operator_model(spec, precision)
    if spec.kind not in _OPERATORS:
        return f"one-layer TFLite models exist of {', '.join(_OPERATORS)}, not of {spec.kind}"
    kind = precisions.named(precision)
    if kind.four_bits and spec.kind == "depthwise":
        return "4-bit weights exist for CONV_2D and FULLY_CONNECTED only"
    graph = Graph()
    activation, stored = activation_type(precision), _kernel_type(precision)
    around = activation_type(among or precision)
    source = given = activation_tensor(graph, "in", around, input_shape(spec))
    if around != activation:
        source = activation_tensor(graph, "in_converted", activation, input_shape(spec))
        graph.operator(_conversion(activation), [given], source)
    shared = spec.kind == "dense" and kind.dense_shares_scale
    kernel = _kernel(graph, spec, stored, 1 if shared else spec.out_channels)
    if kind.computes == "float" and kind.rounds_weights_alone:
        kernel = graph.dequantized(kernel, "kernel_float")
    bias = _bias(graph, spec.out_channels, activation, stored, 1 if shared else spec.out_channels)
    result = activation_tensor(graph, "out", activation, output_shape(spec))
    graph.operator(_OPERATORS[spec.kind], [source, kernel, bias], result, options(spec))
    if around != activation:
        computed, result = (
            result,
            activation_tensor(graph, "out_converted", around, output_shape(spec)),
        )
        graph.operator(_conversion(around), [computed], result)
    return graph.content([given], [result])


def _kernel_type(precision: str) -> str:
    """The type that its weights are stored in."""
    kind = precisions.named(precision)
    return f"{'FLOAT' if kind.float_weights else 'INT'}{kind.weight_bits}"


def _conversion(kind: str) -> str:
    """The operator that makes activations of that type out of another."""
    return "DEQUANTIZE" if kind == "FLOAT32" else "QUANTIZE"


def input_shape(spec: LayerSpec) -> tuple[int, ...]:
    """The shape the layer reads, batch 1 and channels last."""
    if spec.kind == "dense":
        return (1, spec.in_channels)
    return (1, spec.height, spec.width, spec.in_channels)


def output_shape(spec: LayerSpec) -> tuple[int, ...]:
    """The shape the layer writes, batch 1 and channels last."""
    if spec.kind == "dense":
        return (1, spec.out_channels)
    sizes = zip((spec.height, spec.width), spec.kernel, spec.strides, strict=True)
    if spec.padding == "same":
        space = [-(-size // stride) for size, _, stride in sizes]
    else:
        space = [(size - kernel) // stride + 1 for size, kernel, stride in sizes]
    return (1, *space, spec.out_channels)


def kernel_shape(spec: LayerSpec) -> tuple[int, ...]:
    """The shape of the layer's weights as TFLite keeps them."""
    match spec.kind:
        case "dense":
            return (spec.out_channels, spec.in_channels)
        case "depthwise":
            return (1, *spec.kernel, spec.out_channels)
        case _:
            return (spec.out_channels, *spec.kernel, spec.in_channels)


def options(spec: LayerSpec) -> Any:
    """The options of the layer's operator, as the schema's object."""
    from ai_edge_litert import schema_py_generated as schema

    value: Any
    if spec.kind == "dense":
        value = schema.FullyConnectedOptionsT()
    elif spec.kind == "depthwise":
        value = schema.DepthwiseConv2DOptionsT()
        value.depthMultiplier = 1
    else:
        value = schema.Conv2DOptionsT()
    if spec.kind != "dense":
        value.padding = schema.Padding.SAME if spec.padding == "same" else schema.Padding.VALID
        value.strideH, value.strideW = spec.strides
        value.dilationHFactor = value.dilationWFactor = 1
    value.fusedActivationFunction = int(spec.relu)  # the schema's NONE is 0 and RELU is 1
    return value


def _kernel(graph: Graph, spec: LayerSpec, kind: str, scales: int) -> int:
    """The layer's weights, quantized symmetrically: one scale, or one for each output channel."""
    values = random_weights(kernel_shape(spec))
    scaled = None
    if kind in _KERNEL_SCALES:
        axis = 3 if spec.kind == "depthwise" else 0
        scaled = Quantization([_KERNEL_SCALES[kind]] * scales, axis if scales > 1 else 0)
    data = _encoded(values, kind)
    return graph.tensor("kernel", kind, values.shape, data=data, quantization=scaled)


def _bias(graph: Graph, channels: int, activation: str, kernel: str, scales: int) -> int:
    """Biases: float, or integers at the scale of input times kernel."""
    if activation == "FLOAT32":
        data = random_weights((channels,)).tobytes()
        return graph.tensor("bias", "FLOAT32", (channels,), data=data)
    kind, dtype = _BIASES[activation]
    scale = _KERNEL_SCALES[kernel] * ACTIVATION_SCALES[activation]
    data = np.full(channels, 3, dtype).tobytes()
    quantization = Quantization([scale] * scales)
    return graph.tensor("bias", kind, (channels,), data=data, quantization=quantization)


def _encoded(values: Array, kind: str) -> bytes:
    """Weights in [0.1, 1] as the file holds them; two 4-bit numbers share a byte, low one first."""
    match kind:
        case "FLOAT32":
            return values.tobytes()
        case "FLOAT16":
            return values.astype(np.float16).tobytes()
        case "INT8":
            return np.round(values / _KERNEL_SCALES[kind]).astype(np.int8).tobytes()
        case _:
            nibbles = np.round(values / _KERNEL_SCALES[kind]).astype(np.uint8).ravel()
            pairs = np.append(nibbles, np.zeros(nibbles.size % 2, np.uint8)).reshape(-1, 2)
            return (pairs[:, 0] | pairs[:, 1] << 4).tobytes()
