"""Which node of an exported .onnx file came from which Keras layer, told by equal weights first."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from edgehone.export._naming import KerasNames, choose, kernel_owners, layer_of_tensor

KERNEL_OPERATORS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators whose second input is a layer's kernel."""


def rename_onnx(content: bytes, names: KerasNames) -> bytes:
    """The same model with nodes named after Keras layers, as `rename_tflite` names operators."""
    import onnx

    model = onnx.load_from_string(content)
    owners = _owners(model, names)
    main: dict[str, int] = {}
    for wanted in (False, True):
        for index, (node, owner) in enumerate(zip(model.graph.node, owners, strict=True)):
            if owner and (node.op_type in KERNEL_OPERATORS or not wanted):
                main[owner] = index
    used: Counter[str] = Counter()
    for index, (node, owner) in enumerate(zip(model.graph.node, owners, strict=True)):
        label = f"{owner}/{node.op_type}" if owner else f"#{index}/{node.op_type}"
        if owner and main[owner] == index:
            label = owner
        used[label] += 1
        node.name = label if used[label] == 1 else f"{label}/{used[label]}"
    _unshare(model, owners)
    return bytes(model.SerializeToString())


def _unshare(model: Any, owners: Sequence[str | None]) -> None:
    """Give layers that share an equal constant one each, or they could not differ in precision."""
    constants = {constant.name: constant for constant in model.graph.initializer}
    users: dict[str, str | None] = {}
    for index, (node, owner) in enumerate(zip(model.graph.node, owners, strict=True)):
        if node.op_type not in KERNEL_OPERATORS:
            continue
        for position, name in enumerate(node.input):
            if name in constants and users.setdefault(name, owner) != owner:
                copy = model.graph.initializer.add()
                copy.CopyFrom(constants[name])
                copy.name = node.input[position] = f"{name}:{index}"


def _owners(model: Any, names: KerasNames) -> list[str | None]:
    from onnx import numpy_helper

    by_kernel = kernel_owners(names.layers)
    constants = {constant.name: constant for constant in model.graph.initializer}
    owners: list[str | None] = []
    for node in model.graph.node:
        hint = layer_of_tensor(node.name, names.layers) or layer_of_tensor(
            node.output[0], names.layers
        )
        candidates: list[str] = []
        if node.op_type in KERNEL_OPERATORS and node.input[1] in constants:
            kernel = numpy_helper.to_array(constants[node.input[1]])
            candidates = by_kernel.get(kernel.tobytes(), [])
        owners.append(choose(candidates, hint, [*filter(None, owners)]))
    return owners
