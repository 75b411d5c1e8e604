"""The flow of numbers through a float .onnx model."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgehone.formats._dataflow import Flow, Integers, Node, Role

_ROLES: Mapping[Role, str] = {
    "counts": "Equal Floor Ceil Round Mod OneHot Unique",
    "compares": "Less LessOrEqual Greater GreaterOrEqual Sign Sin Cos Tan",
    "layout": "Reshape Flatten Squeeze Unsqueeze Transpose Slice Split Concat Pad Tile Expand "
    "Gather GatherND GatherElements ScatterElements ScatterND DepthToSpace SpaceToDepth Identity "
    "ReverseSequence Compress MaxPool",
    "arithmetic": "Add Sub Mul Div Neg Abs Max Min Relu Clip Where Sum ReduceSum ReduceMax "
    "ReduceMin CumSum Cast Pow Sqrt",
    "weights": "Conv ConvTranspose Gemm MatMul",
    "softmax": "Softmax",
    "sigmoid": "Sigmoid",
}
_KINDS: Mapping[str, Role] = {
    kind: role for role, kinds in _ROLES.items() for kind in kinds.split()
}
_SETTINGS = ("Reshape", "Slice", "Split", "Expand", "Tile", "Squeeze", "Unsqueeze", "Pad")
"""Operators of which only the first input is laid out; the others say how."""

_NO_FLOATS = (
    *("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "Not", "And", "Or", "Xor"),
    *("IsNaN", "IsInf", "Shape", "Size", "ArgMax", "ArgMin", "NonZero"),
)
"""Operators whose results are truths or whole numbers without a scale."""


def onnx_flow(model: Any) -> Flow:
    """The flow through a float model whose nodes all have names."""
    from onnx import TensorProto, numpy_helper

    graph = model.graph
    constants = {each.name: each for each in graph.initializer}
    halves = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
    floats = {
        value.name
        for value in (*graph.input, *graph.value_info, *graph.output)
        if value.type.tensor_type.elem_type in halves and value.name not in constants
    }
    known = {value.name for value in (*graph.input, *graph.value_info, *graph.output)}
    nodes = []
    integers = Integers()
    for node in graph.node:
        role = _role(node, halves)
        reads = tuple(name for name in _read(node) if name in floats)
        for name in node.output:  # where the file does not tell types, results are as what is read
            if name and name not in known and _is_float(node, reads, halves):
                floats.add(name)
        kernel = constants.get(node.input[1]) if role == "weights" else None
        whole = kernel is not None and _is_whole(numpy_helper.to_array(kernel))
        writes = tuple(name for name in node.output if name in floats)
        found = Node(node.name, role, reads, writes, whole)
        cast = node.op_type == "Cast"
        nodes.append(integers.followed(found, node.input, node.output, cast=cast))
    inputs = tuple(value.name for value in graph.input if value.name in floats)
    return Flow(
        tuple(nodes), inputs, tuple(value.name for value in graph.output if value.name in floats)
    )


def _read(node: Any) -> tuple[str, ...]:
    return tuple(node.input[:1]) if node.op_type in _SETTINGS else tuple(node.input)


def _role(node: Any, halves: tuple[int, ...]) -> Role:
    if node.op_type == "Cast":
        return "arithmetic" if _becomes(node) in halves else "converts"
    return _KINDS.get(node.op_type, "other")


def _becomes(node: Any) -> int:
    return next(int(each.i) for each in node.attribute if each.name == "to")


def _is_float(node: Any, reads: tuple[str, ...], halves: tuple[int, ...]) -> bool:
    """Whether a node's results are floats, as far as the node tells."""
    if node.op_type == "Cast":
        return _becomes(node) in halves
    if node.op_type in _NO_FLOATS:
        return False
    tables = node.op_type in ("Gather", "GatherND", "GatherElements", "OneHot", "ConstantOfShape")
    return bool(reads) or tables


def _is_whole(kernel: Any) -> bool:
    return bool((kernel == np.round(kernel)).all()) and bool(kernel.any())
