"""Which node of an exported .onnx file came from which Keras layer, by equal weights first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from edgehone.formats._naming import choose, kernel_owners, unique
from edgehone.formats._traced import KerasNames, input_number, layer_of_tensor

KERNEL_OPERATORS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators whose second input is a layer's kernel."""

_CELLS = ("LSTM", "GRU", "RNN")
"""Operators that are a whole recurrent layer; tf2onnx gives them names of its own."""


def rename_onnx(content: bytes, names: KerasNames) -> bytes:
    """The same model with nodes named after Keras layers, as `rename_tflite` names operators, and
    inputs and outputs as Keras names them, in its order.
    """
    import onnx

    model = onnx.load_from_string(content)
    owners = _owners(model, names)
    _adopt_cells(model.graph, owners)
    main: dict[str, int] = {}
    for wanted in (False, True):
        for index, (node, owner) in enumerate(zip(model.graph.node, owners, strict=True)):
            if owner and (node.op_type in (*KERNEL_OPERATORS, *_CELLS) or not wanted):
                main[owner] = index
    used: Counter[str] = Counter()
    for index, (node, owner) in enumerate(zip(model.graph.node, owners, strict=True)):
        label = f"{owner}/{node.op_type}" if owner else f"#{index}/{node.op_type}"
        if owner and main[owner] == index:
            label = owner
        used[label] += 1
        node.name = label if used[label] == 1 else f"{label}/{used[label]}"
    _unshare(model, owners)
    _rename_borders(model.graph, names)
    return bytes(model.SerializeToString())


def _rename_borders(graph: Any, names: KerasNames) -> None:
    """Inputs come traced by their number; outputs come in Keras's order."""
    order = sorted(graph.input, key=lambda value: input_number(value.name))
    inputs = [value.name for value in order]
    outputs = [value.name for value in graph.output]
    renamed = dict(zip(inputs, names.inputs, strict=False))
    renamed |= dict(zip(outputs, unique(names.outputs, taken=names.inputs), strict=False))
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    renamed |= {
        name: f"{name}:inner" for name in taken & set(renamed.values()) if name not in renamed
    }
    _rename(graph, renamed)
    sources = [value for name in inputs for value in graph.input if value.name == renamed[name]]
    copies = [type(value).FromString(value.SerializeToString()) for value in sources]
    del graph.input[:]
    graph.input.extend(copies)


def _rename(graph: Any, renamed: Mapping[str, str]) -> None:
    """Rename tensors in a graph and in the loops inside, which may read them too."""
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, renamed)
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = renamed.get(value.name, value.name)


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


def _adopt_cells(graph: Any, owners: list[str | None]) -> None:
    """Give a recurrent layer's one operator, and the squeeze behind it, to the layer that reads
    what they make; tf2onnx names both after nothing.
    """
    readers = {name: owner for n, owner in zip(graph.node, owners, strict=True) for name in n.input}
    for index in range(len(owners) - 1, -1, -1):
        node = graph.node[index]
        if owners[index] is None and node.op_type in (*_CELLS, "Squeeze"):
            owners[index] = next((readers[n] for n in node.output if readers.get(n)), None)
            readers.update(dict.fromkeys(node.input, owners[index]))
