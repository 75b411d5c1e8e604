"""Which operators of a .tflite file XNNPACK takes, found by letting it take them."""

from collections import Counter
from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats._interpreter import Kernels, open_interpreter, quietly
from edgehone.formats._trial_inputs import trial_inputs
from edgehone.system.library_errors import parted

_DELEGATE = "DELEGATE"


def xnnpack(content: bytes, model: Any) -> dict[str, Any]:
    """What XNNPACK takes of the main graph, as LiteRT sets it up on this machine.

    Returns {"delegated", "nodes": operators taken and in all; "partitions": pieces that they are
    run in, with a hand-over between; "macs": multiply-adds of operators with kernels and matrix
    products, {"delegated", "total"}; "left": {operator: count}; "left_layers": [names]}, or
    {"reason"} when the file cannot be prepared to run, or does not run: some operators XNNPACK
    takes, and refuses when it is given numbers.
    """
    try:
        interpreter = _run(content, model, Kernels.DELEGATED)
    except (RuntimeError, ValueError) as error:
        return {"reason": f"{_consequence(content, model)}: {_first_line(error)}"}
    graph = model.subgraphs[0]
    pieces = [each for each in interpreter._get_ops_details() if each["op_name"] == _DELEGATE]
    taken = set().union(*(_inside(graph, piece) for piece in pieces)) if pieces else set()
    names = [_flatbuffer.operator_name(model, operator) for operator in graph.operators]
    left = [number for number in range(len(names)) if number not in taken]
    macs = [macs_of(model, graph, operator) for operator in graph.operators]
    return {
        "delegated": len(taken),
        "nodes": len(names),
        "partitions": len(pieces),
        "macs": {"delegated": sum(macs[number] for number in taken), "total": sum(macs)},
        "left": dict(sorted(Counter(names[number] for number in left).items())),
        "left_layers": [_flatbuffer.label(graph, graph.operators[number]) for number in left],
    }


def _run(content: bytes, model: Any, kernels: Kernels) -> Any:
    """An interpreter that has run once."""
    interpreter = open_interpreter(content, kernels=kernels)
    if any(
        detail["dtype"] is np.str_ or detail["dtype"] is np.bytes_
        for detail in interpreter.get_input_details()
    ):
        return interpreter
    for index, values in trial_inputs(interpreter, model):
        interpreter.set_tensor(index, values)
    with quietly():
        interpreter.invoke()
    return interpreter


def _consequence(content: bytes, model: Any) -> str:
    try:
        _run(content, model, Kernels.PLAIN)
    except (RuntimeError, ValueError):
        return "the file cannot be prepared to run"
    return "it cannot run this file, which runs with plain kernels"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return parted(lines[0])


def _inside(graph: Any, piece: Any) -> set[int]:
    """The operators a piece stands for: all that lies between what it writes and what it reads."""
    makers = {
        int(index): number
        for number, operator in enumerate(graph.operators)
        for index in operator.outputs
    }
    borders = {int(index) for index in piece["inputs"]}
    pending = [int(index) for index in piece["outputs"]]
    found: set[int] = set()
    while pending:
        number = makers.get(pending.pop())
        if number is None or number in found:
            continue
        found.add(number)
        operator = graph.operators[number]
        pending += [int(index) for index in operator.inputs if int(index) not in borders]
    return found


def macs_of(model: Any, graph: Any, operator: Any) -> int:
    """Multiply-adds of one run: results times what is summed up for each."""
    kind = _flatbuffer.operator_name(model, operator)
    if kind == "BATCH_MATMUL":
        return _size(graph, operator.outputs[0]) * int(graph.tensors[operator.inputs[0]].shape[-1])
    if kind not in _flatbuffer.KERNEL_OPERATORS:
        return 0
    kernel = [int(size) for size in graph.tensors[operator.inputs[1]].shape]
    if kind == "TRANSPOSE_CONV":
        source = _size(graph, operator.inputs[2])
        return source * kernel[0] * kernel[1] * kernel[2]
    summed = kernel[1] * kernel[2] if kind == "DEPTHWISE_CONV_2D" else _product(kernel[1:])
    return _size(graph, operator.outputs[0]) * summed


def _size(graph: Any, index: int) -> int:
    return _product(graph.tensors[index].shape)


def _product(sizes: Any) -> int:
    total = 1
    for size in sizes:
        total *= int(size)
    return total
