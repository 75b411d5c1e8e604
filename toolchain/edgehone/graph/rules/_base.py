"""What the graph asks of every kind of layer: how channels pass it, and how it is made smaller."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from edgehone.graph.ledger import (
    CARRIES,
    MAKES,
    READS,
    IntArray,
    Ledger,
    Slice,
    Trace,
    placed,
    varying,
)

__all__ = ["CARRIES", "MAKES", "READS", "Array", "Config", "Cut", "FrozenError", "Rule", "Use"]

Array = NDArray[Any]
BoolArray = NDArray[np.bool_]
Config = dict[str, Any]
Shape = tuple[int | None, ...]


class FrozenError(Exception):
    """What a layer touches must stay as it is; the message says why. Never reaches a user."""


@dataclass(frozen=True, eq=False)
class Use:
    """One call of an operation, as its rule sees it.

    operation: the layer or function; owner: whose weights its own are counted among (a wrapper's);
    found, still: channels of each input and whether removed ones are zero there; inputs, outputs:
    shapes without the batch; tensors, arguments: of the call.
    """

    operation: Any
    name: str
    kind: str
    owner: Any
    found: tuple[IntArray, ...]
    still: tuple[bool, ...]
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    tensors: tuple[Any, ...]
    arguments: tuple[tuple[Any, ...], Mapping[str, Any]]
    ledger: Ledger
    slices: list[Slice] = field(default_factory=list)

    def __str__(self) -> str:
        return f"layer {self.name!r} ({self.kind or type(self.operation).__name__})"

    @property
    def is_layer(self) -> bool:
        """Whether this is a layer, and not a function of keras.ops."""
        return hasattr(self.operation, "weights")

    @property
    def masked(self) -> bool:
        """Whether an input may carry a mask."""
        return any(id(tensor) in self.ledger.masked for tensor in self.tensors)

    def refuse(self, reason: str) -> NoReturn:
        """Freeze everything this call touches. reason: goes on after the layer's name."""
        raise FrozenError(f"{self} {reason}")

    def last(self, number: int = 0) -> IntArray:
        """(size,): channels on an input's last axis; refused where others vary or it has none."""
        channels, shape = self.found[number], self.inputs[number]
        if not shape or shape[-1] is None or any(axis != -1 for axis in varying(channels)):
            self.refuse("does not take its channels from the last axis")
        return np.broadcast_to(channels.ravel(), (shape[-1],))

    def made(self, count: int, kind: str = "channels") -> IntArray:
        """(count,): new channels that this layer makes; units of what kind."""
        channels = self.ledger.fresh(count)
        self.ledger.producers.append((self.name, kind, channels))
        return channels

    def hold(self, weight: Any, axis: int, channels: IntArray, role: str) -> None:
        """Note which channels lie on an axis of one of the layer's weights (None: it has none)."""
        if weight is None:
            return
        places = [n for n, each in enumerate(self.owner.weights) if each is weight]
        if not places:
            self.refuse("has weights that are not understood")
        self.slices.append(Slice(places[0], axis % len(weight.shape), channels, role))

    def freeze(self, channels: IntArray, reason: str) -> None:
        """Channels stay. reason: goes on after the layer's name."""
        self.ledger.freeze(channels, f"{self} {reason}")

    def on_last(self, channels: IntArray, output: int = 0) -> IntArray:
        """Channels (size,) as those of an output's last axis."""
        return placed(channels, -1, len(self.outputs[output]))

    def given(self, name: str, position: int, default: Any = None) -> Any:
        """An argument of the call by name or position."""
        positional, named = self.arguments
        return positional[position] if len(positional) > position else named.get(name, default)

    def input(self, name: str, position: int) -> int | None:
        """Number of the input that was given as this argument; None when it was not."""
        tensor = self.given(name, position)
        found = [i for i, each in enumerate(self.tensors) if each is tensor]
        return found[0] if tensor is not None and found else None


@dataclass(frozen=True, eq=False)
class Cut:
    """Which units stay, as one operation sees it. stays: (units,), true or false, or how many there
    are to be of each (`graph.growth`); trace: in units.
    """

    stays: NDArray[Any]
    trace: Trace
    made: dict[str, Any] = field(default_factory=dict)
    """Operations that were put in, by name; a shared layer's are shared as well."""

    @property
    def touches(self) -> bool:
        """Whether anything that the operation takes, makes or holds goes."""
        held = [each.units for each in self.trace.slices]
        return not all(
            self.stays[u].all() for u in (*self.trace.inputs, *self.trace.outputs, *held)
        )

    def before(self, axis: int = -1, number: int = 0) -> BoolArray:
        """Which positions stay along an axis of an input; (1,) where no channels vary."""
        return self._flags(self.trace.inputs[number], axis)

    def after(self, axis: int = -1, number: int = 0) -> BoolArray:
        """Which positions stay along an axis of an output; (1,) where no channels vary."""
        return self._flags(self.trace.outputs[number], axis)

    def on(self, weight: int, axis: int) -> BoolArray | None:
        """Which positions stay on an axis of a weight; None when no channels lie there."""
        for each in self.trace.slices:
            if (each.weight, each.axis) == (weight, axis):
                return np.asarray(self.stays[each.units])
        return None

    def put(self, name: str, make: Callable[..., Any], *arguments: Any) -> Any:
        """What `make` gives, its operation named, so that equal models are equal whoever made
        them; made once, then called again.
        """
        if name in self.made:
            return self.made[name](*arguments)
        result = make(*arguments)
        first = result[0] if isinstance(result, (list, tuple)) else result
        self.made[name] = first._keras_history.operation
        self.made[name].name = name
        return result

    def _flags(self, units: IntArray, axis: int) -> BoolArray:
        moved = np.moveaxis(units, axis, -1)
        return np.asarray(self.stays[moved.reshape(-1, moved.shape[-1])[0]])


class Rule:
    """How one family of layers treats channels. A new kind of layer is one entry in a table.

    sized: its settings depend on how many channels come in, so that all its uses must agree.
    edits: it is called otherwise when channels go, by `call`, instead of as it was.
    fits_inside: whether a wrapper (TimeDistributed) may hold such a layer.
    """

    sized = False
    edits = False
    fits_inside = True

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Channels of each output. Raises FrozenError when the call cannot be understood."""
        raise NotImplementedError

    def still(self, use: Use) -> bool:
        """Whether a removed channel of the outputs is zero once the weights that belong to it are.

        Only asked for calls that `trace` has understood.
        """
        return all(use.still)

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Change the settings (in place) for what stays."""

    def weights(self, layer: Any, cut: Cut) -> list[Array]:
        """The layer's weights for what stays, in their order."""
        kept = [np.asarray(weight) for weight in layer.weights]
        for each in cut.trace.slices:
            kept[each.weight] = np.compress(
                cut.stays[each.units], kept[each.weight], axis=each.axis
            )
        return kept

    def call(
        self, operation: Any, cut: Cut, arguments: Sequence[Any], settings: Mapping[str, Any]
    ) -> Any:
        """What the operation gives when called with what stays (see `edits`)."""
        return operation(*arguments, **settings)
