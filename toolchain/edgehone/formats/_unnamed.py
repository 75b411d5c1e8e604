"""Names for the tensors of a .tflite file that have none, by the operators that write them."""

from collections.abc import Callable, Mapping
from typing import Any

from edgehone.formats import _layer_names

Kind = Callable[[Any, Any], str]
"""The name of an operator of a model, such as "CONV_2D"."""


def name_tensors(model: Any, kind: Kind) -> bool:
    """Give every tensor without a name one that no other of its graph has; whether there were any.

    What operator 3 writes is "CONV_2D_3", further results "CONV_2D_3/output1", and constants are
    named after their place. Equal files get equal names. Layers whose names the file keeps beside
    the tensors (`_layer_names`) get these.
    """
    names = _layer_names.kept(model)
    found = [
        _name(model, graph, kind, {} if number else names)
        for number, graph in enumerate(model.subgraphs)
    ]
    return any(found)


def _name(model: Any, graph: Any, kind: Kind, names: Mapping[int, str]) -> bool:
    nameless = {index for index, tensor in enumerate(graph.tensors) if not tensor.name}
    if not nameless:
        return False
    taken = {tensor.name for tensor in graph.tensors}
    wanted = {index: f":{index}" for index in nameless}
    for position, operator in enumerate(graph.operators):
        label = f"{kind(model, operator)}_{position}"
        for number, index in enumerate(operator.outputs):
            if index in nameless:
                wanted[index] = f"{label}/output{number}" if number else label
    wanted |= {index: name for index, name in names.items() if index in nameless}
    for index, name in wanted.items():
        free = name.encode()
        while free in taken:
            free += b"_"
        taken.add(free)
        graph.tensors[index].name = free
    return True
