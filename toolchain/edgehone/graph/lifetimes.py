"""The values that one inference of a Keras model computes, and how long each is needed."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from edgehone.graph.costs import layer_specs
from edgehone.graph.wiring import Call, calls, consumers, functional

_NOTHING_NEW = (
    *("BatchNormalization", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise"),
    *("Flatten", "Reshape", "Identity", "ActivityRegularization"),
)
"""Layers that runtimes fold into the one before, or that move no values."""
_FUSED = ("relu", "relu6")


@dataclass(frozen=True)
class LiveValue:
    """A value that is computed, or an input. elements: how many numbers for one sample; sources:
    the layers whose output channels it has; first, last: the operations that it is needed from and
    up to, both included; border: whether it is an input or output of the model; layer: which one
    computes it, of those with kernels, or "".
    """

    elements: int
    sources: tuple[str, ...]
    first: int
    last: int
    border: bool = False
    layer: str = ""


@dataclass
class _Found:
    """A value while the graph is walked."""

    elements: int
    sources: tuple[str, ...]
    first: int
    layer: str = ""
    last: int = field(default=0)
    border: bool = False


def live_values(model: Any) -> tuple[LiveValue, ...]:
    """All values in the order they are computed; what runtimes fold away has none of its own."""
    readers, specs = consumers(model), layer_specs(model)
    by_tensor: dict[int, _Found] = {}
    found: list[_Found] = []
    for number, call in enumerate(calls(model)):
        before = [by_tensor[id(tensor)] for tensor in call.inputs]
        for value in before:
            value.last = number
        if before and _folded(call, readers):
            by_tensor.update({id(tensor): before[0] for tensor in call.outputs})
            continue
        for tensor in call.outputs:
            name = call.name if call.name in specs else ""
            elements = prod(size or 1 for size in tensor.shape[1:])
            value = _Found(elements, _sources(call, name, before), number, name, number)
            value.border = not before
            by_tensor[id(tensor)] = value
            found.append(value)
    for tensor in functional(model).outputs:
        by_tensor[id(tensor)].border = True
    return tuple(
        LiveValue(each.elements, each.sources, each.first, each.last, each.border, each.layer)
        for each in found
    )


def _sources(call: Call, layer: str, before: list[_Found]) -> tuple[str, ...]:
    """The layers whose channels an output has: its own, those of all that are joined, else those
    of the first input that has any. Of other layers with weights, nothing is known to change.
    """
    if layer:
        return (layer,)
    if call.kind == "Concatenate":
        known = all(value.sources for value in before)
        return tuple(name for value in before for name in value.sources) if known else ()
    if getattr(call.operation, "weights", ()):
        return ()
    return next((value.sources for value in before if value.sources), ())


def _folded(call: Call, readers: Any) -> bool:
    """Whether an operation writes no value of its own."""
    if call.kind in _NOTHING_NEW:
        return True
    name = getattr(getattr(call.operation, "activation", None), "__name__", "")
    relu = call.kind in ("ReLU", "Relu", "Relu6") or (call.kind == "Activation" and name in _FUSED)
    return relu and len(readers.get(id(call.inputs[0]), ())) == 1
