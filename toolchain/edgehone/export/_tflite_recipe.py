"""How a bit plan becomes a recipe of ai-edge-quantizer, layer by layer, and what it refuses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgehone.errors import ConversionError
from edgehone.export import _flatbuffer
from edgehone.export._interpreter import quietly
from edgehone.export._ranges import Ranges
from edgehone.values import NOTHING, BitPlan

STATIC_BITS: Mapping[str, tuple[int, int]] = {"int8": (8, 8), "int8x4": (8, 4), "int16x8": (16, 8)}
"""Bits of activations and of weights, of the precisions that need calibration."""

FOUR_BIT_OPERATORS = ("CONV_2D", "FULLY_CONNECTED")
"""Operators whose kernels ai-edge-quantizer writes in 4 bits."""

NEXT_TO: Mapping[str, str] = {"int8x4": "int8", "dynamic4": "dynamic8", "weights4": "float32"}
"""What operators without 4-bit kernels get when 4 bits are asked for."""

_WEIGHTED: Mapping[str, tuple[str, ...]] = {
    "float16": ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE", "FULLY_CONNECTED"),
    "dynamic8": ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE", "FULLY_CONNECTED"),
    "dynamic4": ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE", "FULLY_CONNECTED"),
    "weights4": FOUR_BIT_OPERATORS,
}
"""Operators whose weights a precision with float activations changes, as the quantizer spells."""

_QUANTIZER_ERRORS = (
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Grant:
    """The plan as it can be had: layers that differ from the default, and reasons of the refused.

    inputs: the precision of the model's inputs, which is that of the layers that read them when
    these agree, else the default one.
    """

    default: str
    layers: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = NOTHING
    inputs: str = ""

    @property
    def is_float32(self) -> bool:
        """Whether nothing is to be quantized."""
        return {self.default, *self.layers.values()} == {"float32"}


@dataclass(frozen=True)
class _Layers:
    """Operators of a file by the layer they are named after, and the layers that read an input."""

    operators: Mapping[str, tuple[str, ...]]
    first: frozenset[str]


def grant(content: bytes, plan: BitPlan, name: str) -> Grant:
    """What of `plan` can be had for the float .tflite file with this content."""
    layers = _layers(content, name)
    default = NEXT_TO.get(plan.default, plan.default)
    asked = dict(plan.layers)
    if default != plan.default:
        everywhere = [layer for layer, kinds in layers.operators.items() if _has_kernel(kinds)]
        asked = dict.fromkeys(everywhere, plan.default) | asked
    granted, refused = {}, {}
    for layer, precision in asked.items():
        reason = _refusal(layer, precision, layers)
        if reason:
            refused[layer] = reason
        if layer in layers.operators:
            granted[layer] = NEXT_TO.get(precision, precision) if reason else precision
    at_inputs = {granted.get(layer, default) for layer in layers.first}
    differing = {layer: found for layer, found in granted.items() if found != default}
    inputs = at_inputs.pop() if len(at_inputs) == 1 else default
    return Grant(default, differing, refused, inputs)


def quantized(content: bytes, granted: Grant, ranges: Ranges | None) -> bytes:
    """The quantized file's content. Raises ConversionError when the quantizer gives up."""
    from ai_edge_quantizer.quantizer import Quantizer

    try:
        quantizer = Quantizer(content)
        if granted.default != "float32":
            _add(quantizer, ".*", granted.default)
        if granted.inputs != granted.default:
            _add(quantizer, ".*", granted.inputs, only_inputs=True)
        for layer, precision in granted.layers.items():
            _add(quantizer, f"^{re.escape(layer)}(/[^;]*)?;", precision)
        with quietly():
            result = quantizer.quantize(
                dict(ranges) if ranges is not None else None,
                enable_progress_bar=False,
                enable_progress_report=False,
            )
    except _QUANTIZER_ERRORS as error:
        raise ConversionError(
            f"ai-edge-quantizer cannot make {granted.default} of this model: {error}",
            "Try another precision, or leave the layer it names in float32.",
        ) from error
    return bytes(result.quantized_model)


def _add(quantizer: Any, scope: str, precision: str, *, only_inputs: bool = False) -> None:
    """Ask for `precision` wherever the names of an operator's results match `scope`."""
    from ai_edge_quantizer.qtyping import TFLOperationName

    everything = TFLOperationName.INPUT if only_inputs else TFLOperationName.ALL_SUPPORTED
    if precision in STATIC_BITS:
        activation_bits, weight_bits = STATIC_BITS[precision]
        quantizer.add_static_config(scope, everything, activation_bits, 8)
        if weight_bits != 8 and not only_inputs:
            for kind in FOUR_BIT_OPERATORS:
                operation = TFLOperationName(kind)
                quantizer.add_static_config(scope, operation, activation_bits, weight_bits)
        return
    quantizer.update_quantization_recipe(scope, everything, algorithm_key="no_quantize")
    if only_inputs or precision == "float32":
        return
    for name in _WEIGHTED[precision]:
        _add_weights(quantizer, scope, precision, TFLOperationName(name))


def _add_weights(quantizer: Any, scope: str, precision: str, operation: Any) -> None:
    match precision:
        case "float16":
            quantizer.add_weight_only_config(scope, operation, 16, algorithm_key="float_casting")
        case "dynamic8":
            quantizer.add_dynamic_config(scope, operation, 8)
        case "dynamic4":
            four = operation.value in FOUR_BIT_OPERATORS
            quantizer.add_dynamic_config(scope, operation, 4 if four else 8)
        case _:
            quantizer.add_weight_only_config(scope, operation, 4)


def _refusal(layer: str, precision: str, layers: _Layers) -> str:
    if layer not in layers.operators:
        return "no operator of the file is named after this layer; it was fused or removed"
    kinds = layers.operators[layer]
    if precision in NEXT_TO and not set(FOUR_BIT_OPERATORS) & set(kinds):
        return (
            f"4-bit weights exist for {' and '.join(FOUR_BIT_OPERATORS)} only, "
            f"this is {' and '.join(sorted(set(kinds)))}; it is {NEXT_TO[precision]}"
        )
    return ""


def _has_kernel(kinds: tuple[str, ...]) -> bool:
    return bool(set(kinds) & set(_flatbuffer.KERNEL_OPERATORS))


def _layers(content: bytes, name: str) -> _Layers:
    model = _flatbuffer.parse(content, name)
    graph = model.subgraphs[0]
    operators: dict[str, tuple[str, ...]] = {}
    first = set()
    for operator in graph.operators:
        if not len(operator.outputs):
            continue
        label = _flatbuffer.tensor_name(graph.tensors[operator.outputs[0]]).split("/")[0]
        kind = _flatbuffer.operator_name(model, operator)
        operators[label] = (*operators.get(label, ()), kind)
        if set(operator.inputs) & set(graph.inputs):
            first.add(label)
    return _Layers(operators, frozenset(first))
