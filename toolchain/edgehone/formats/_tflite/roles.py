"""What the tensors of a .tflite file are for, in which types, and with which scales."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer

ROLES = ("inputs", "weights", "biases", "shapes", "activations", "outputs")
_BIASED = (*_flatbuffer.KERNEL_OPERATORS, "CONV_3D")
_PLAIN_INTEGERS = ("int32", "int64", "bool")


def by_role(model: Any) -> dict[str, list[Any]]:
    """Tensors by what they are for; each once. The results of operators are activations, those
    of the model among them outputs; constants are weights, biases where they are an operator's
    third input and of rank 1, shapes where they are integers without a scale (sizes, axes, the
    numbers of steps). Tensors inside loops count like the others.
    """
    found: dict[str, list[Any]] = {role: [] for role in ROLES}
    main = model.subgraphs[0]
    found["inputs"] = [main.tensors[index] for index in main.inputs]
    found["outputs"] = [main.tensors[index] for index in main.outputs]
    borders = {id(tensor) for tensor in (*found["inputs"], *found["outputs"])}
    seen: set[int] = set(borders)
    for graph in model.subgraphs:
        for operator in graph.operators:
            for role, tensor in _roles_at(model, graph, operator):
                if id(tensor) not in seen:
                    seen.add(id(tensor))
                    found[role].append(tensor)
    return found


def types(roles: dict[str, list[Any]]) -> dict[str, dict[str, int]]:
    """How many tensors of each data type a role has."""
    return {
        role: dict(sorted(Counter(_flatbuffer.type_name(tensor) for tensor in tensors).items()))
        for role, tensors in roles.items()
    }


def quantization(roles: dict[str, list[Any]]) -> dict[str, Any]:
    """How the quantized tensors of each role are: see `edgehone.formats._audit`."""
    found = {role: _scheme(tensors) for role, tensors in roles.items()}
    return {role: scheme for role, scheme in found.items() if scheme}


def _roles_at(model: Any, graph: Any, operator: Any) -> Iterator[tuple[str, Any]]:
    kind = _flatbuffer.operator_name(model, operator)
    for number, index in enumerate(operator.inputs):
        tensor = graph.tensors[index] if index >= 0 else None
        if tensor is not None and _flatbuffer.is_constant(model, tensor):
            yield _constant_role(kind, number, tensor), tensor
    for index in operator.outputs:
        if index >= 0:
            yield "activations", graph.tensors[index]


def _constant_role(kind: str, number: int, tensor: Any) -> str:
    vector = tensor.shape is not None and len(tensor.shape) == 1
    if kind in _BIASED and number == 2 and vector:
        return "biases"
    plain = _flatbuffer.type_name(tensor) in _PLAIN_INTEGERS and _scales(tensor) is None
    return "shapes" if plain else "weights"


def _scheme(tensors: Iterable[Any]) -> dict[str, Any]:
    scaled = [each for each in tensors if _scales(each) is not None]
    if not scaled:
        return {}
    scales = np.concatenate([_scales(each) for each in scaled])
    zeros = np.concatenate([np.asarray(each.quantization.zeroPoint).ravel() for each in scaled])
    per_channel = sum(_scales(each).size > 1 for each in scaled)
    return {
        "tensors": len(scaled),
        "per_channel": per_channel,
        "per_tensor": len(scaled) - per_channel,
        "scale": [float(scales.min()), float(scales.max())],
        "zero_point": [int(zeros.min()), int(zeros.max())] if zeros.size else [0, 0],
        "symmetric": not zeros.any(),
    }


def _scales(tensor: Any) -> Any:
    """The tensor's scales, (channels,) or (1,); None when it has none."""
    parameters = tensor.quantization
    if parameters is None or parameters.scale is None or not len(parameters.scale):
        return None
    return np.asarray(parameters.scale, np.float64).ravel()
