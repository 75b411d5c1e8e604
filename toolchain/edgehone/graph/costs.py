"""What each layer costs: parameters, multiply-accumulates, and the shape a device would run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from types import SimpleNamespace
from typing import Any

from edgehone.graph.roles import is_linear, kernels
from edgehone.graph.wiring import Call, calls, consumers, is_model
from edgehone.values import LayerSpec

FLOAT32_BYTES = 4


@dataclass(frozen=True)
class LayerCost:
    """One layer. macs: multiply-accumulates for one sample; output_shape: without the batch;
    size_bytes: its parameters as float32. Layers of inner models are named outer/inner.
    """

    name: str
    kind: str
    params: int
    macs: int
    output_shape: tuple[int | None, ...]
    size_bytes: int


def layer_costs(model: Any) -> tuple[LayerCost, ...]:
    """Costs of all layers in the order they are computed, those of inner models included.

    Layers used several times stand once, with the MACs of all uses. Dense, EinsumDense, all
    convolutions, recurrent and attention layers have MACs, also inside wrappers; other layers and
    functions count 0. Sizes the model leaves open count as 1.
    """
    found: dict[str, LayerCost] = {}
    for call in calls(model):
        if not call.inputs:
            continue
        for cost in _costs(call):
            before = found.get(cost.name)
            macs = cost.macs + (before.macs if before else 0)
            found[cost.name] = replace(cost, macs=macs)
    return tuple(found.values())


def total_params(model: Any) -> int:
    """Number of weights, trainable or not, each counted once."""
    return int(model.count_params())


def total_macs(model: Any) -> int:
    """Multiply-accumulates for one sample, of the layers that `layer_costs` counts."""
    return sum(cost.macs for cost in layer_costs(model))


def _costs(call: Call) -> tuple[LayerCost, ...]:
    layer = call.operation
    if is_model(layer):
        inner = layer_costs(layer)
        return tuple(replace(cost, name=f"{layer.name}/{cost.name}") for cost in inner)
    params = sum(prod(weight.shape) for weight in getattr(layer, "weights", ()))
    shape = tuple(call.outputs[0].shape[1:])
    kind = type(layer).__name__
    return (LayerCost(call.name, kind, params, macs_of(call), shape, params * FLOAT32_BYTES),)


def macs_of(call: Call) -> int:
    """Multiply-accumulates of one call for one sample."""
    sizes = {name: int(prod(weight.shape)) for name, weight in _weights(call).items()}
    before = _positions(call.inputs[0].shape, call.operation) if call.inputs else 0
    after = _positions(call.outputs[0].shape, call.operation)
    match call.kind:
        case "Conv1DTranspose" | "Conv2DTranspose" | "Conv3DTranspose":
            return before * sizes["kernel"]
        case "SeparableConv1D" | "SeparableConv2D":
            return after * (sizes["depthwise_kernel"] + sizes["pointwise_kernel"])
        case "Dense" | "Conv1D" | "Conv2D" | "Conv3D" | "DepthwiseConv1D" | "DepthwiseConv2D":
            return after * sizes["kernel"]
        case "EinsumDense":
            return _einsum_macs(call)
        case "LSTM" | "GRU" | "SimpleRNN":
            return _recurrent_macs(call, call.operation)
        case "Bidirectional":
            both = (call.operation.forward_layer, call.operation.backward_layer)
            return sum(_recurrent_macs(call, layer) for layer in both)
        case "TimeDistributed":
            return (call.inputs[0].shape[1] or 1) * macs_of(_at_one_step(call))
        case "MultiHeadAttention" | "GroupedQueryAttention":
            return _attention_macs(call)
    return 0


def _recurrent_macs(call: Call, layer: Any) -> int:
    steps = call.inputs[0].shape[1] or 1
    return steps * int(prod(layer.cell.kernel.shape) + prod(layer.cell.recurrent_kernel.shape))


def _at_one_step(call: Call) -> Call:
    """The use of the layer inside a TimeDistributed one."""
    inputs, outputs = (
        tuple(SimpleNamespace(shape=(tensor.shape[0], *tensor.shape[2:])) for tensor in tensors)
        for tensors in (call.inputs, call.outputs)
    )
    return Call(call.operation.layer, inputs, outputs, 1)


def _attention_macs(call: Call) -> int:
    """Projections of queries, keys and values, each query times each key, and the way out."""
    layer = call.operation
    queries, keys = (_positions(tensor.shape, layer) for tensor in call.inputs[:2])
    sizes = {}
    for part in ("query", "key", "value", "output"):
        sizes[part] = int(prod(getattr(layer, f"_{part}_dense").kernel.shape))
    heads, key_width = layer._query_dense.kernel.shape[1:]
    value_width = layer._output_dense.kernel.shape[1]
    met = queries * keys * int(heads * (key_width + value_width))
    projected = queries * (sizes["query"] + sizes["output"]) + keys * (
        sizes["key"] + sizes["value"]
    )
    return projected + met


def _weights(call: Call) -> Mapping[str, Any]:
    return kernels(call.operation) if hasattr(call.operation, "weights") else {}


def _positions(shape: Sequence[int | None], layer: Any) -> int:
    """How many places in space a tensor has: the product of all axes but batch and channels."""
    first = getattr(layer, "data_format", None) == "channels_first"
    return prod(size or 1 for size in (shape[2:] if first else shape[1:-1]))


def _einsum_macs(call: Call) -> int:
    """One multiply-accumulate for each combination of all axes that are named, batch aside."""
    equation = call.operation.equation.replace("...", "")
    data, kernel = equation.split("->")[0].split(",")
    shape, weights = call.inputs[0].shape, kernels(call.operation)["kernel"].shape
    skipped = len(shape) - len(data)
    named = dict(zip(data, shape[skipped:], strict=True)) | dict(zip(kernel, weights, strict=True))
    if skipped == 0:
        named.pop(data[0])
    return prod(size or 1 for size in (*shape[1:skipped], *named.values()))


def layer_specs(model: Any) -> dict[str, LayerSpec]:
    """Layers with kernels as a device runs them, in the order they are computed.

    Conv2D and Conv1D with one group and no dilation, DepthwiseConv2D with multiplier 1, Dense on
    vectors; each used once and with known sizes. relu: a ReLU is its activation, or alone follows
    it, after a batch norm or not.
    """
    readers = consumers(model)
    found = {}
    for call in calls(model):
        if call.times == 1 and call.inputs and (spec := _spec(call)) is not None:
            relu = _is_relu(call.operation) or _relu_follows(call, readers)
            found[call.name] = replace(spec, relu=relu)
    return found


def _spec(call: Call) -> LayerSpec | None:
    layer, before, after = call.operation, call.inputs[0].shape[1:], call.outputs[0].shape[1:]
    if None in (*before, *after):
        return None
    if call.kind == "Dense":
        return LayerSpec("dense", 1, 1, before[0], after[0]) if len(before) == 1 else None
    if call.kind not in ("Conv2D", "Conv1D", "DepthwiseConv2D"):
        return None
    plain = layer.data_format == "channels_last" and layer.padding in ("same", "valid")
    simple = getattr(layer, "groups", 1) == 1 and getattr(layer, "depth_multiplier", 1) == 1
    if not (plain and simple) or set(layer.dilation_rate) != {1}:
        return None
    height, width = before[:-1] if len(before) == 3 else (1, before[0])
    return LayerSpec(
        "depthwise" if call.kind == "DepthwiseConv2D" else "conv",
        height,
        width,
        before[-1],
        after[-1],
        kernel=_pair(layer.kernel_size),
        strides=_pair(layer.strides),
        padding=layer.padding,
    )


def _pair(sizes: Sequence[int]) -> tuple[int, int]:
    return (int(sizes[0]), int(sizes[1])) if len(sizes) == 2 else (1, int(sizes[0]))


def _is_relu(operation: Any) -> bool:
    """Whether an operation is, or ends in, a ReLU that runtimes fuse: plain or clipped at 6."""
    if type(operation).__name__ == "ReLU":
        plain = operation.negative_slope == 0 and operation.threshold == 0
        return plain and operation.max_value in (None, 6)
    activation = getattr(getattr(operation, "activation", None), "__name__", "")
    return activation in ("relu", "relu6") or type(operation).__name__ in ("Relu", "Relu6")


def _relu_follows(call: Call, readers: Mapping[int, tuple[Call, ...]]) -> bool:
    if not is_linear(call.operation):
        return False
    after = readers.get(id(call.outputs[0]), ())
    if len(after) == 1 and after[0].kind == "BatchNormalization":
        after = readers.get(id(after[0].outputs[0]), ())
    kinds = ("ReLU", "Activation", "Relu", "Relu6")
    return len(after) == 1 and after[0].kind in kinds and _is_relu(after[0].operation)
