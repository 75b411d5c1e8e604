"""What the tensors of an .onnx file are for, in which types, and with which scales."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from edgehone.formats._onnx.kernels import BIASES, WITH_SCALES

_BIASED = ("Conv", "ConvTranspose", "Gemm")
_PLAIN_INTEGERS = ("int32", "int64", "bool")


def types(
    graph: Any, kinds: Mapping[str, str], conversions: Collection[str]
) -> dict[str, dict[str, int]]:
    """How many tensors of each data type a role has; roles as for .tflite files.

    kinds: what each tensor stands for, a dequantized one for the integers it was made from;
    conversions: operators that only quantize or dequantize, whose tensors are not counted.
    """
    constants = {constant.name for constant in graph.initializer}
    outputs = {value.name for value in graph.output}
    nodes = [node for node in graph.node if node.op_type not in conversions]
    behind = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "DequantizeLinear"}
    found: dict[str, dict[str, str]] = {
        "inputs": {v.name: kinds[v.name] for v in graph.input if v.name not in constants},
        **{role: {} for role in ("weights", "biases", "shapes", "activations")},
        "outputs": {name: kinds[name] for name in outputs if name in kinds},
    }
    for node in nodes:
        for number, name in enumerate(node.input):
            source = behind.get(name, name)
            if source in constants and _is_number(node.op_type, number):
                kind = kinds[source]
                found[_role(node.op_type, number, kind, source != name)][source] = kind
        for name in set(node.output) - outputs:
            if name in kinds:
                found["activations"][name] = kinds[name]
    return {role: dict(sorted(Counter(each.values()).items())) for role, each in found.items()}


def quantization(graph: Any) -> dict[str, Any]:
    """How the tensors that come out of a DequantizeLinear are quantized, weights and biases (the
    constants) apart from activations.
    """
    from onnx import numpy_helper

    constants = {each.name: each for each in graph.initializer}
    pairs: dict[str, list[tuple[Any, Any]]] = {"weights": [], "activations": []}
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[1] not in constants:
            continue
        scale = numpy_helper.to_array(constants[node.input[1]]).ravel()
        zero = np.zeros(1, np.int64)
        if len(node.input) > 2 and node.input[2] in constants:
            zero = numpy_helper.to_array(constants[node.input[2]]).astype(np.int64).ravel()
        pairs["weights" if node.input[0] in constants else "activations"].append((scale, zero))
    return {role: _scheme(found) for role, found in pairs.items() if found}


def _is_number(kind: str, place: int) -> bool:
    """Whether an operator reads numbers at a place, and no scale or zero of those."""
    if kind not in WITH_SCALES:
        return True
    return place in WITH_SCALES[kind] or place == BIASES.get(kind)


def _role(kind: str, number: int, dtype: str, quantized: bool) -> str:
    if number == BIASES.get(kind):
        return "biases"
    if number == 2 and kind in _BIASED:
        return "biases"
    return "shapes" if dtype in _PLAIN_INTEGERS and not quantized else "weights"


def _scheme(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    found = list(pairs)
    scales = np.concatenate([scale for scale, _ in found]).astype(np.float64)
    zeros = np.concatenate([zero for _, zero in found])
    per_channel = sum(scale.size > 1 for scale, _ in found)
    return {
        "tensors": len(found),
        "per_channel": per_channel,
        "per_tensor": len(found) - per_channel,
        "scale": [float(scales.min()), float(scales.max())],
        "zero_point": [int(zeros.min()), int(zeros.max())],
        "symmetric": not zeros.any(),
    }
