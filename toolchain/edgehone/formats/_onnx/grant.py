"""What of a bit plan can be had for a float .onnx file, layer by layer, and why not all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgehone.formats._onnx.naming import KERNEL_OPERATORS
from edgehone.values import PrecisionPlan

FOUR_BIT_OPERATORS = ("Gemm", "MatMul")
"""Operators that have a form with 4-bit weights (com.microsoft.MatMulNBits)."""

PRECISIONS = ("float32", "float16", "dynamic8", "int8", "weights4")
"""What a layer of an ONNX file may have."""

_EIGHT_BITS = ("int8", "dynamic8")


@dataclass(frozen=True)
class Grant:
    """Names of the nodes of each precision; layers that got another one than asked, and why."""

    nodes: Mapping[str, frozenset[str]]
    refused: Mapping[str, str] = field(default_factory=dict)

    def of(self, precision: str) -> frozenset[str]:
        """The nodes of a precision."""
        return self.nodes.get(precision, frozenset())


def grant(model: Any, plan: PrecisionPlan) -> Grant:
    """What of `plan` can be had for this float model, whose nodes all have names."""
    layers: dict[str, list[Any]] = {}
    for node in model.graph.node:
        layers.setdefault(node.name.split("/")[0], []).append(node)
    constants = ranks_of(model)
    eight = _eight_bits(plan)
    refused = {
        layer: "no node of the file is named after this layer; it was fused or removed"
        for layer in plan.layers
        if layer not in layers
    }
    found: dict[str, set[str]] = {}
    for layer, nodes in layers.items():
        precision = plan.layers.get(layer, plan.default)
        given, reason = _given(precision, plan.default, eight, nodes, constants)
        if reason and (layer in plan.layers or any(n.op_type in KERNEL_OPERATORS for n in nodes)):
            refused[layer] = f"{reason}; it is {given}"
        found.setdefault(given, set()).update(node.name for node in nodes)
    return Grant({name: frozenset(nodes) for name, nodes in found.items()}, refused)


def _eight_bits(plan: PrecisionPlan) -> str:
    """Which of static and dynamic 8 bits the file has: a file has one of them."""
    asked = (plan.default, *plan.layers.values())
    return next((precision for precision in asked if precision in _EIGHT_BITS), "")


def _given(
    precision: str, default: str, eight: str, nodes: list[Any], constants: Mapping[str, int]
) -> tuple[str, str]:
    """The precision that a layer's nodes get, and the reason when it is not the one asked."""
    if precision not in PRECISIONS:
        return default, f"ONNX has no {precision} here"
    if "float16" in (precision, default):
        if precision in (default, "float32"):
            return precision, ""
        return default, "float16 is for whole ONNX files, beside float32 alone"
    if precision in _EIGHT_BITS and precision != eight:
        return eight, f"an ONNX file with {eight} layers cannot have {precision} ones as well"
    if precision == "weights4" and not any(is_four_bit(node, constants) for node in nodes):
        kinds = " and ".join(sorted({node.op_type for node in nodes}))
        wanted = " and ".join(FOUR_BIT_OPERATORS)
        return "float32", f"4-bit weights exist for {wanted} with constant weights, this is {kinds}"
    return precision, ""


def ranks_of(model: Any) -> Mapping[str, int]:
    """The rank of every constant, by name."""
    return {constant.name: len(constant.dims) for constant in model.graph.initializer}


def is_four_bit(node: Any, constants: Mapping[str, int]) -> bool:
    """Whether the node can be made to read 4-bit weights; constants: as `ranks_of` has them."""
    if node.op_type not in FOUR_BIT_OPERATORS or constants.get(node.input[1]) != 2:
        return False
    plain = {"alpha": 1.0, "beta": 1.0, "transA": 0}
    return all(
        (attribute.f if attribute.name in ("alpha", "beta") else attribute.i)
        == plain[attribute.name]
        for attribute in node.attribute
        if attribute.name in plain
    )
