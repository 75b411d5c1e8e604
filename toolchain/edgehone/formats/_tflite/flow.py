"""The flow of numbers through a float .tflite file."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats._dataflow import Flow, Integers, Node, Role

_ROLES: Mapping[Role, str] = {
    "counts": "EQUAL NOT_EQUAL BUCKETIZE FLOOR CEIL ROUND FLOOR_DIV FLOOR_MOD HASHTABLE_FIND "
    "HASHTABLE_LOOKUP LSH_PROJECTION UNIQUE ONE_HOT EMBEDDING_LOOKUP_SPARSE RANGE",
    "compares": "LESS LESS_EQUAL GREATER GREATER_EQUAL SIGN SIN COS",
    "layout": "RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE STRIDED_SLICE SLICE SPLIT SPLIT_V UNPACK "
    "CONCATENATION PACK PAD PADV2 MIRROR_PAD TILE REVERSE_V2 REVERSE_SEQUENCE BROADCAST_TO "
    "GATHER GATHER_ND SPACE_TO_DEPTH DEPTH_TO_SPACE SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND "
    "DYNAMIC_UPDATE_SLICE RESIZE_NEAREST_NEIGHBOR MAX_POOL_2D",
    "arithmetic": "ADD SUB MUL DIV NEG ABS SQUARE MAXIMUM MINIMUM RELU RELU6 RELU_N1_TO_1 "
    "RELU_0_TO_1 SELECT SELECT_V2 WHERE SUM REDUCE_MAX REDUCE_MIN ADD_N CUMSUM CAST POW",
    "weights": "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED TRANSPOSE_CONV CONV_3D",
    "softmax": "SOFTMAX",
    "sigmoid": "LOGISTIC",
}
_KINDS: Mapping[str, Role] = {
    kind: role for role, kinds in _ROLES.items() for kind in kinds.split()
}
_FLOATS = ("float32", "float16", "float64", "bfloat16")


def tflite_flow(model: Any) -> Flow:
    """The flow through a file's main graph; operators go by the name of their first result."""
    graph = model.subgraphs[0]
    floats = {
        index: _flatbuffer.tensor_name(tensor)
        for index, tensor in enumerate(graph.tensors)
        if _flatbuffer.type_name(tensor) in _FLOATS and not _flatbuffer.is_constant(model, tensor)
    }

    def named(indices: Any) -> tuple[str, ...]:
        return tuple(floats[int(index)] for index in indices if int(index) in floats)

    nodes = []
    integers = Integers()
    for operator in graph.operators:
        if not len(operator.outputs):
            continue
        role = _role(model, graph, operator)
        name = _flatbuffer.tensor_name(graph.tensors[operator.outputs[0]])
        whole = role == "weights" and _is_whole(model, graph, operator)
        node = Node(name, role, named(operator.inputs), named(operator.outputs), whole)
        cast = _flatbuffer.operator_name(model, operator) == "CAST"
        nodes.append(integers.followed(node, operator.inputs, operator.outputs, cast=cast))
    return Flow(tuple(nodes), named(graph.inputs), named(graph.outputs))


def _role(model: Any, graph: Any, operator: Any) -> Role:
    kind = _flatbuffer.operator_name(model, operator)
    if kind == "CAST":
        becomes = _flatbuffer.type_name(graph.tensors[operator.outputs[0]])
        return "arithmetic" if becomes in _FLOATS else "converts"
    return _KINDS.get(kind, "other")


def _is_whole(model: Any, graph: Any, operator: Any) -> bool:
    """Whether a kernel holds whole numbers alone, as one that numbers pairs of identifiers does."""
    kernel = _flatbuffer.float_constant(model, graph.tensors[operator.inputs[1]])
    return kernel is not None and bool((kernel == np.round(kernel)).all()) and bool(kernel.any())
