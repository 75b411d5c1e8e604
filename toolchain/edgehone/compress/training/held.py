"""Zeros and shared values of weights that must survive later training, and how training keeps them.

Nothing but names is remembered: what must stay is read off the weights when a training begins, so
that it may have been folded, pruned or otherwise changed in between.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress._views import TWIN
from edgehone.data import Array
from edgehone.graph import backend

Rule = Callable[[Any], Any]
"""Takes a weight (a tensor, after an optimizer's step) and gives what it has to be instead."""


@dataclass(frozen=True)
class Held:
    """Names "layer/weight" ("conv1/kernel") whose zeros, or whose equal values, must stay.

    Names that a model does not have (any more) mean nothing.
    """

    zeros: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.zeros or self.shared)

    def __or__(self, other: "Held") -> "Held":
        return Held(self.zeros | other.zeros, self.shared | other.shared)


NOTHING_HELD = Held()


@contextmanager
def keeping(trainer: Any, held: Held) -> Iterator[None]:
    """Inside the block an optimizer's step on `trainer` leaves held zeros 0 and held values shared.

    Each optimizer step is followed by a projection: zeros back to 0, members of a shared value to
    their mean (for plain gradient descent that is the step along the members' mean gradient, Han
    et al. 2016, eq. 3 over their number). Constraints that weights have already come first.
    """
    with constrained(held_rules(trainer, held)):
        yield


def held_rules(trainer: Any, held: Held) -> list[tuple[Any, Rule]]:
    """(Keras variable, rule) for everything held that the trainer trains, as it is now."""
    if not held:
        return []
    found = []
    weights = named_weights(trainer)
    for name in sorted(held.zeros | held.shared):
        for weight in weights_of(name, weights):
            values = np.asarray(weight)
            if name in held.shared:
                found.append((weight, shared_rule(values)))
            if name in held.zeros:  # after the shared values, so that a value of 0 stays 0
                found.append((weight, zeros_rule(values)))
    return found


@contextmanager
def constrained(rules: Iterable[tuple[Any, Rule]]) -> Iterator[None]:
    """Inside the block Keras optimizers apply each rule to its variable after the constraint that
    the variable has; several rules in their order. The constraints are put back at the end.
    """
    before: list[tuple[Any, Any]] = []
    try:
        for weight, rule in rules:
            before.append((weight, weight.constraint))
            weight.constraint = rule if weight.constraint is None else _chain(weight, rule)
        yield
    finally:
        for weight, constraint in reversed(before):
            weight.constraint = constraint


def project(variables: Iterable[Any]) -> None:
    """Put weights through what they are put through after every optimizer step, as their average
    over steps has to be.
    """
    for variable in variables:
        if variable.constraint is not None:
            variable.assign(variable.constraint(variable.value))


def zeros_rule(values: Array) -> Rule:
    """Keeps weights 0 where `values` are."""
    keep = values != 0

    def rule(weight: Any) -> Any:
        ops = backend.keras().ops
        return ops.where(keep, weight, ops.zeros((), weight.dtype))

    return rule


def shared_rule(values: Array) -> Rule:
    """Keeps weights equal where `values` are: their mean takes their place."""
    distinct, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    index = index.reshape(-1).astype(np.int32)

    def rule(weight: Any) -> Any:
        ops = backend.keras().ops
        sums = ops.segment_sum(ops.reshape(weight, (-1,)), index, num_segments=len(distinct))
        means = sums / ops.cast(counts, sums.dtype)
        return ops.reshape(ops.take(means, index), weight.shape)

    return rule


def owners_of(model: Any) -> Iterator[tuple[str, Any]]:
    """(path, layer) of every layer, those inside other layers with these before their own names
    ("attention/query"); layers of models inside the model stand for themselves.
    """
    for layer in model.layers:
        if isinstance(layer, backend.keras().Model):
            yield from owners_of(layer)
        else:
            yield from _parts(layer, layer.name)


def _parts(layer: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, layer
    for part in layer._layers:
        yield from _parts(part, f"{path}/{part.name}")


def named_weights(model: Any) -> Mapping[str, list[Any]]:
    """The weights that train, by "layer/weight" (in layers inside layers "layer/part/weight").

    Several share a name when layers of different models inside it do.
    """
    trained = {id(weight) for weight in model.trainable_variables}
    found: dict[str, list[Any]] = {}
    for path, layer in owners_of(model):
        for weight in layer._trainable_variables:
            if id(weight) in trained:
                found.setdefault(f"{path}/{weight.name}", []).append(weight)
    return found


def weights_of(name: str, weights: Mapping[str, list[Any]]) -> list[Any]:
    """The weights of that name: of the layer itself, else of the linear twin that trains in its
    place, else of the layer within another one that was put around it for training.
    """
    layer, weight = name.split("/", 1)
    found = weights.get(name) or weights.get(f"{layer}{TWIN}/{weight}")
    return found or [
        each for path, every in weights.items() if path.endswith(f"/{name}") for each in every
    ]


def _chain(weight: Any, rule: Rule) -> Rule:
    first = weight.constraint
    return lambda value: rule(first(value))
