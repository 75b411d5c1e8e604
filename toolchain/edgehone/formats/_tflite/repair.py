"""What litert-quantizer leaves undone in a file, so that no runtime stumbles over it."""

from typing import Any

from edgehone.formats import _flatbuffer
from edgehone.formats._exact import Kept


def repaired(content: bytes) -> bytes:
    """The same file with results that nothing reads in the type of what their operator reads.

    The quantizer leaves them in float. Of the four parts that a SPLIT makes in an unrolled LSTM
    one is unread in the first step, and XNNPACK refuses a SPLIT of int8 with a part in float.
    """
    model = _flatbuffer.parse(content, "the quantized file")
    changed = [_repair(model, graph) for graph in model.subgraphs]
    return _flatbuffer.pack(model) if any(changed) else content


def _repair(model: Any, graph: Any) -> bool:
    read = {int(index) for operator in graph.operators for index in operator.inputs}
    read |= {int(index) for index in graph.outputs}
    changed = False
    for operator in graph.operators:
        if _flatbuffer.operator_name(model, operator) not in ("SPLIT", "SPLIT_V", "UNPACK"):
            continue
        live = [graph.tensors[index] for index in operator.outputs if int(index) in read]
        for index in operator.outputs:
            tensor = graph.tensors[index]
            if live and int(index) not in read and tensor.type != live[0].type:
                tensor.type, tensor.quantization = live[0].type, live[0].quantization
                changed = True
    return changed


def with_integer_borders(content: bytes, kept: Kept) -> bytes:
    """The same file with integers at the inputs and outputs that are not among `kept`.

    The quantizer has one word for all inputs and one for all outputs, so where one must be float
    the others are, too, with a conversion behind them, or before them; that one goes.
    """
    if not (kept.inputs or kept.outputs):
        return content
    model = _flatbuffer.parse(content, "the quantized file")
    graph = model.subgraphs[0]
    for position in [int(index) for index in graph.inputs]:
        if kept.inputs and _name(graph, position) not in kept.inputs:
            take_over(model, graph, position, "QUANTIZE")
    for position in [int(index) for index in graph.outputs]:
        if kept.outputs and _name(graph, position) not in kept.outputs:
            take_over(model, graph, position, "DEQUANTIZE")
    return _flatbuffer.pack(model)


def _name(graph: Any, position: int) -> str:
    return _flatbuffer.tensor_name(graph.tensors[position])


def take_over(model: Any, graph: Any, position: int, conversion: str) -> None:
    """Make the other side of a border's only conversion the border, under the same name."""
    side, far = ("inputs", "outputs") if conversion == "QUANTIZE" else ("outputs", "inputs")
    around = [each for each in graph.operators if position in _indices(each, side)]
    reads = [each for each in graph.operators if position in _indices(each, "inputs")]
    if len(around) != 1 or (conversion == "DEQUANTIZE" and reads):
        return
    operator = around[0]
    if _flatbuffer.operator_name(model, operator) != conversion:
        return
    other = int(getattr(operator, far)[0])
    graph.operators.remove(operator)
    border = getattr(graph, side)
    setattr(graph, side, [other if int(index) == position else int(index) for index in border])
    for signature in model.signatureDefs or ():
        for entry in getattr(signature, side) or ():
            if not signature.subgraphIndex and int(entry.tensorIndex) == position:
                entry.tensorIndex = other
    old, new = graph.tensors[position], graph.tensors[other]
    old.name, new.name = new.name, old.name


def _indices(operator: Any, side: str) -> list[int]:
    return [int(index) for index in getattr(operator, side)]
