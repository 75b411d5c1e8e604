"""Which operator of a converted file came from which Keras layer, by equal weights first."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats._base import Array
from edgehone.formats._traced import KerasLayer, KerasNames, input_number, layer_of_tensor


def rename_tflite(content: bytes, names: KerasNames) -> bytes:
    """The same model with tensors named after Keras layers, and with a signature.

    Inputs and outputs are in Keras's order. A layer's main operator (the last one that reads its
    kernel, else its last one) writes a tensor of exactly the layer's name; its other operators
    write "<layer>/<OPERATOR>". Operators that belong to no layer write "#<position>/<OPERATOR>".
    Tensors inside a loop begin with the name of the layer that loops. No two tensors of a graph
    share a name.
    """
    model = _flatbuffer.parse(content, "the converted file")
    graph = model.subgraphs[0]
    owners = _owners(model, graph, names)
    inputs = _inputs(graph, names)
    graph.inputs = [position for _, position in inputs]
    for index, tensor in enumerate(graph.tensors):
        tensor.name = f":{index}".encode()
    for name, position in inputs:
        graph.tensors[position].name = name.encode()
    for operator, label in zip(graph.operators, _labels(model, graph, owners), strict=True):
        for number, position in enumerate(operator.outputs):
            suffix = f"/output{number}" if number else ""
            graph.tensors[position].name = f"{label}{suffix}".encode()
    for operator, owner in zip(graph.operators, owners, strict=True):
        for number in _flatbuffer.inner_graphs(operator):
            _rename_inner(model, number, owner or "#")
    model.signatureDefs = [_signature(graph, inputs, names)]
    return _flatbuffer.pack(model)


def kernel_owners(layers: Sequence[KerasLayer]) -> dict[bytes, list[str]]:
    """Layer names by their kernels' bytes, in each memory layout a format may keep them in."""
    owners: dict[bytes, list[str]] = {}
    for layer in layers:
        for kernel in layer.kernels:
            for key in {layout.tobytes() for layout in _layouts(kernel)}:
                owners.setdefault(key, []).append(layer.name)
    return owners


def choose(candidates: Sequence[str], hint: str | None, taken: Collection[str]) -> str | None:
    """The layer an operator belongs to.

    candidates: layers with an equal kernel, in the model's order; hint: the one its name tells;
    taken: layers already found. Equal kernels without a name go to layers in the model's order.
    """
    if hint in candidates or not candidates:
        return hint
    free = [name for name in candidates if name not in taken]
    return (free or candidates)[0]


def _layouts(kernel: Array) -> Iterator[Array]:
    """A kernel as Keras keeps it, output channels first, the last two axes swapped (transposed
    convolutions), and output channels first then input channels then space (ONNX).
    """
    kernel = np.asarray(kernel, np.float32)
    yield np.ascontiguousarray(kernel)
    yield np.ascontiguousarray(np.moveaxis(kernel, -1, 0))
    yield np.ascontiguousarray(np.moveaxis(kernel, -2, 0))
    yield np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1)))
    yield np.ascontiguousarray(np.moveaxis(kernel, (-2, -1), (0, 1)))


def _owners(model: Any, graph: Any, names: KerasNames) -> list[str | None]:
    """The layer of each operator, in the file's order."""
    by_kernel = kernel_owners(names.layers)
    endings = dict(zip(graph.outputs, names.outputs, strict=False))
    owners: list[str | None] = []
    for operator in graph.operators:
        position = operator.outputs[0] if len(operator.outputs) else -1
        hint = layer_of_tensor(_flatbuffer.tensor_name(graph.tensors[position]), names.layers)
        hint = hint or endings.get(position)
        kernel = _kernel(model, graph, operator)
        candidates = by_kernel.get(kernel.tobytes(), []) if kernel is not None else []
        if kernel is not None and not candidates:
            constant = graph.tensors[operator.inputs[1]]
            hint = layer_of_tensor(_flatbuffer.tensor_name(constant), names.layers) or hint
        owners.append(choose(candidates, hint, [*filter(None, owners)]))
    return owners


def _kernel(model: Any, graph: Any, operator: Any) -> Array | None:
    if _flatbuffer.operator_name(model, operator) not in _flatbuffer.KERNEL_OPERATORS:
        return None
    return _flatbuffer.float_constant(model, graph.tensors[operator.inputs[1]])


def _labels(model: Any, graph: Any, owners: Sequence[str | None]) -> list[str]:
    """A name for each operator's first output, each used once."""
    kinds = [_flatbuffer.operator_name(model, operator) for operator in graph.operators]
    main: dict[str, int] = {}
    for wanted in (False, True):
        for index, (owner, kind) in enumerate(zip(owners, kinds, strict=True)):
            if owner and (kind in _flatbuffer.KERNEL_OPERATORS or not wanted):
                main[owner] = index
    used: Counter[str] = Counter()
    labels = []
    for index, (owner, kind) in enumerate(zip(owners, kinds, strict=True)):
        label = f"{owner}/{kind}" if owner else f"#{index}/{kind}"
        if owner and main[owner] == index:
            label = owner
        used[label] += 1
        labels.append(label if used[label] == 1 else f"{label}/{used[label]}")
    return labels


def _inputs(graph: Any, names: KerasNames) -> list[tuple[str, int]]:
    """The Keras name and the tensor of every input, in Keras's order."""
    positions = sorted(
        graph.inputs,
        key=lambda position: input_number(_flatbuffer.tensor_name(graph.tensors[position])),
    )
    return list(zip(names.inputs, (int(position) for position in positions), strict=True))


def _rename_inner(model: Any, number: int, owner: str) -> None:
    """Names inside a loop's condition or body: "<layer>/loop<number>/<position>"."""
    for index, tensor in enumerate(model.subgraphs[number].tensors):
        tensor.name = f"{owner}/loop{number}/{index}".encode()
    for operator in model.subgraphs[number].operators:
        for inner in _flatbuffer.inner_graphs(operator):
            _rename_inner(model, inner, owner)


def _signature(graph: Any, inputs: Sequence[tuple[str, int]], names: KerasNames) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    def mapping(name: str, position: int) -> Any:
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, position
        return entry

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serving_default", 0
    signature.inputs = [mapping(*item) for item in inputs]
    outputs = unique(names.outputs, taken=names.inputs)
    signature.outputs = [mapping(*item) for item in zip(outputs, graph.outputs, strict=False)]
    return signature


def unique(names: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """The names, with a number where one was there before; `taken` are there already."""
    seen: Counter[str] = Counter(taken)
    result = []
    for name in names:
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result
