"""A Keras model made anew with some layers replaced, dropped, or turned into chains of layers."""

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.wiring import functional

Weights = Sequence[NDArray[Any]] | None
Replacement = tuple[tuple[Any, Weights], ...] | None
"""None: copy the layer with its weights; (): drop it; else the chain of (layer, weights) that takes
its place, where weights None keep their initial values."""


def rewrite(model: Any, replace: Callable[[Any], Replacement]) -> Any:
    """A new Functional model, not compiled, in which `replace` was asked about every layer.

    Names of layers, inputs and outputs stay; `model` shares nothing with the result. A dropped
    layer that makes an output leaves an Identity of its name. Raises ModelError when a layer
    cannot be copied.
    """
    source = functional(model)
    plan = _Plan(replace, {id(tensor._keras_history.operation) for tensor in source.outputs})
    result = backend.keras().models.clone_model(
        source, clone_function=plan.clone, call_function=plan.call
    )
    for layer, weights in plan.weights:
        layer.set_weights(weights)
        _finalize(layer)
    return result


class _Plan:
    """What clone_model asks for: the first layer of each chain, then how it is called."""

    def __init__(self, replace: Callable[[Any], Replacement], ends: set[int]) -> None:
        self.replace = replace
        self.ends = ends
        self.chains: dict[int, tuple[Any, ...]] = {}
        self.weights: list[tuple[Any, Sequence[NDArray[Any]]]] = []
        self.kept: list[Any] = []

    def clone(self, operation: Any) -> Any:
        keras = backend.keras()
        if not isinstance(operation, keras.Layer):
            return copied(operation)
        chain = self.replace(operation)
        if chain is None and hasattr(operation, "_nodes_by_depth"):
            chain = ((rewrite(operation, lambda _: None), None),)
        elif chain is None:
            chain = ((copied(operation), operation.get_weights()),)
        if not chain:
            chain = ((keras.layers.Identity(name=operation.name), []),)
            if id(operation) not in self.ends:
                self.chains[id(chain[0][0])] = ()
        else:
            self.chains[id(chain[0][0])] = tuple(layer for layer, _ in chain)
        self.weights += [(layer, weights) for layer, weights in chain if weights]
        self.kept.append(chain[0][0])  # an id() is unique only while the object lives
        return chain[0][0]

    def call(self, operation: Any, *arguments: Any, **settings: Any) -> Any:
        chain = self.chains.get(id(operation), (operation,))
        if not chain:
            return arguments[0]
        result = chain[0](*arguments, **settings)
        for layer in chain[1:]:
            result = layer(result)
        return result


def copied(operation: Any) -> Any:
    """A new operation of the same class, settings and name, without weights yet."""
    try:
        return type(operation).from_config(operation.get_config())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ModelError(
            f"Layer {operation.name!r} ({type(operation).__name__}) cannot be copied ({error}).",
            "Give the layer a get_config method that returns all its settings.",
        ) from error


def _finalize(layer: Any) -> None:
    """Layers that derive values from weights (Normalization) must do so again."""
    for part in layer._flatten_layers():
        if hasattr(part, "finalize_state") and part.built:
            part.finalize_state()
