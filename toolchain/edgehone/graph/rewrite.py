"""A Keras model made anew with some layers replaced, dropped, or turned into chains of layers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from edgehone.graph import backend
from edgehone.graph.copying import State, carry_state, copied
from edgehone.graph.wiring import functional, is_model
from edgehone.values import NOTHING

Weights = Sequence[NDArray[Any]] | State | None
Replacement = tuple[tuple[Any, Weights], ...] | None
"""None: copy the layer with its state; (): drop it; else the chain of (layer, weights) that takes
its place, where weights None keep their initial values, and a State is that of the layer in it."""

Edit = Callable[[Any, Sequence[Any], Mapping[str, Any]], Any]
"""(copy of an operation, arguments by position, by name) -> what is to stand for its result."""


def rewrite(
    model: Any, replace: Callable[[Any], Replacement], edits: Mapping[str, Edit] = NOTHING
) -> Any:
    """A new Functional model, not compiled, in which `replace` was asked about every layer.

    edits: by name of a layer or function, how its copy is to be called, if not as it was.
    Names of layers, inputs and outputs stay; `model` shares nothing with the result. A dropped
    layer that makes an output leaves an Identity of its name. Raises ModelError when a layer
    cannot be copied.
    """
    source = functional(model)
    plan = _Plan(replace, edits, {id(tensor._keras_history.operation) for tensor in source.outputs})
    result = backend.keras().models.clone_model(
        source, clone_function=plan.clone, call_function=plan.call
    )
    if not model.trainable:  # its layers say for themselves whether they train, below
        result.trainable = False
    for layer, weights in plan.weights:
        if isinstance(weights, State):
            carry_state(weights.layer, layer)
        else:
            set_weights(layer, weights)
    return result


class _Plan:
    """What clone_model asks for: the first layer of each chain, then how it is called."""

    def __init__(
        self,
        replace: Callable[[Any], Replacement],
        edits: Mapping[str, Edit],
        ends: set[int],
    ) -> None:
        self.replace = replace
        self.edits = edits
        self.ends = ends
        self.chains: dict[int, tuple[Any, ...]] = {}
        self.weights: list[tuple[Any, Sequence[NDArray[Any]] | State]] = []
        self.changed: set[int] = set()
        self.kept: list[Any] = []

    def clone(self, operation: Any) -> Any:
        """The operation to call in the place of another, whose chain is noted."""
        if not isinstance(operation, backend.keras().Layer):
            return copied(operation)
        chain = self.replace(operation)
        if chain is None:
            return self._noted(_copy(operation))
        if not chain:
            identity = backend.keras().layers.Identity(name=operation.name)
            self.chains[id(identity)] = (identity,) if id(operation) in self.ends else ()
            self.changed.add(id(identity))
            return self._noted(((identity, None),))
        self.chains[id(chain[0][0])] = tuple(layer for layer, _ in chain)
        if type(chain[0][0]) is not type(operation):
            self.changed.add(id(chain[0][0]))
        return self._noted(chain)

    def _noted(self, chain: tuple[tuple[Any, Weights], ...]) -> Any:
        self.weights += [(layer, weights) for layer, weights in chain if weights]
        self.kept.append(chain[0][0])  # an id() is unique only while the object lives
        return chain[0][0]

    def call(self, operation: Any, *arguments: Any, **settings: Any) -> Any:
        """Call a copy as the original was called; layers of another class with its inputs alone."""
        if operation.name in self.edits:
            return self.edits[operation.name](operation, arguments, settings)
        first, *others = self.chains.get(id(operation), (operation,)) or (None,)
        if first is None:
            return arguments[0]
        result = first(*arguments, **(settings if id(first) not in self.changed else {}))
        for layer in others:
            result = layer(result)
        return result


def _copy(layer: Any) -> tuple[tuple[Any, Weights], ...]:
    if is_model(layer):
        return ((rewrite(layer, lambda _: None), None),)
    return ((copied(layer), State(layer)),)


def set_weights(layer: Any, weights: Sequence[NDArray[Any]]) -> None:
    """Give a layer its weights; those that derive values from them (Normalization) do so again."""
    layer.set_weights(weights)
    for part in layer._flatten_layers():
        if hasattr(part, "finalize_state") and part.built:
            part.finalize_state()
