"""What ai-edge-quantizer leaves undone in a file, so that no runtime stumbles over it."""

from typing import Any

from edgehone.export import _flatbuffer


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
