"""Which operations of a Keras model call which: its graph, in the order it is computed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph import backend


@dataclass(frozen=True)
class Call:
    """One use of an operation. inputs, outputs: Keras tensors; times: how often it is used."""

    operation: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    times: int
    constants: bool = False
    """Whether arrays that are no tensors of the graph take part (`x * [1, 2, 3]`)."""
    arguments: tuple[tuple[Any, ...], Mapping[str, Any]] = ((), MappingProxyType({}))
    """What it is called with, by position and by name."""

    @property
    def name(self) -> str:
        """The operation's name, unique in its model."""
        return str(self.operation.name)

    @property
    def kind(self) -> str:
        """The class name of Keras's own operations, "" for everybody else's."""
        return kind_of(self.operation)


def kind_of(operation: Any) -> str:
    """The class name of a Keras operation; "" for classes of others, also derived ones."""
    found = type(operation)
    return found.__name__ if found.__module__.startswith("keras.") else ""


def is_model(operation: Any) -> bool:
    """Whether an operation is a Functional or Sequential model, which has layers of its own."""
    return hasattr(operation, "_nodes_by_depth") or hasattr(operation, "_functional")


def functional(model: Any) -> Any:
    """A Functional, not compiled view of a Sequential or Functional model; it shares the layers.

    Raises ModelError for models without a graph: subclassed ones, and those without input shape.
    """
    keras = backend.keras()
    if not isinstance(model, keras.Sequential) and not hasattr(model, "_nodes_by_depth"):
        raise ModelError(
            f"Model {getattr(model, 'name', model)!r} ({type(model).__name__}) has no graph of "
            "layers: it is a subclassed model.",
            "Build it with keras.Sequential or as keras.Model(inputs, outputs).",
        )
    try:
        if isinstance(model, keras.Sequential):
            return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
        return keras.Model(model.input, model.output, name=model.name)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ModelError(
            f"Model {model.name!r} does not know the shape of its input.",
            "Begin the model with keras.Input(shape).",
        ) from error


def calls(model: Any) -> tuple[Call, ...]:
    """All calls of a model in the order they are computed, inputs first."""
    depths = functional(model)._nodes_by_depth
    nodes = [node for depth in sorted(depths, reverse=True) for node in depths[depth]]
    times = Counter(id(node.operation) for node in nodes)
    return tuple(
        Call(
            node.operation,
            () if node.is_input else tuple(node.input_tensors),
            tuple(node.output_tensors),
            times[id(node.operation)],
            _has_constants(node),
            (tuple(node.arguments.args), dict(node.arguments.kwargs)),
        )
        for node in nodes
    )


def consumers(model: Any) -> Mapping[int, tuple[Call, ...]]:
    """Calls that take a tensor, by the tensor's id(); the model's outputs count as one more."""
    found: dict[int, list[Call]] = {}
    for call in calls(model):
        for tensor in call.inputs:
            found.setdefault(id(tensor), []).append(call)
    for tensor in functional(model).outputs:
        found.setdefault(id(tensor), []).append(Call(None, (tensor,), (), 1))
    return {key: tuple(value) for key, value in found.items()}


def _has_constants(node: Any) -> bool:
    keras = backend.keras()
    flat = keras.tree.flatten([node.arguments.args, node.arguments.kwargs])
    return any(
        getattr(item, "shape", ()) not in ((), None) and not isinstance(item, keras.KerasTensor)
        for item in flat
    )
