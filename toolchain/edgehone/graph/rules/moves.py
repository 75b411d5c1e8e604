"""How channels pass reshapes, permutations, slices, splits and paddings of their own axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.graph import backend
from edgehone.graph.ledger import IntArray, along, placed, reduced, spread, varying
from edgehone.graph.rules._base import Config, Cut, Rule, Use


class Reshape(Rule):
    """Flatten and Reshape: values keep their order, the last axis fastest.

    Where an axis of channels is split in several, all but one of these are tied.
    """

    sized = True
    edits = True

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Channels where the values end up."""
        before, after, channels = use.inputs[0], use.outputs[0], use.found[0]
        if before and after and before[-1] == after[-1] and {*varying(channels)} <= {-1}:
            return [use.on_last(channels.ravel())]
        if None in (*before, *after):
            use.refuse("reshapes axes of unknown size")
        moved = reduced(spread(channels, before).reshape([size or 1 for size in after]))
        if len(varying(moved)) > 1:
            moved = reduced(use.ledger.roots()[moved])
        return [moved if len(varying(moved)) <= 1 else self._tied(use, moved)]

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """The target's size where channels lie, unless it is left open."""
        if "target_shape" in config:
            config["target_shape"] = _resized(config["target_shape"], cut)

    def call(
        self, operation: Any, cut: Cut, arguments: Sequence[Any], settings: Mapping[str, Any]
    ) -> Any:
        """keras.ops.reshape to fewer channels; layers as they are."""
        if not hasattr(operation, "newshape"):
            return operation(*arguments, **settings)
        shape = _resized(operation.newshape, cut)
        reshape = backend.keras().ops.reshape
        return cut.put(operation.name, lambda x: reshape(x, shape), arguments[0])

    def _tied(self, use: Use, moved: IntArray) -> IntArray:
        """Channels on the longest axis alone."""
        axis = max(varying(moved), key=lambda each: (moved.shape[each], each))
        first = placed(along(moved, axis), axis, moved.ndim)
        use.ledger.tie(first, moved)
        return first


def _resized(target: Sequence[int], cut: Cut) -> tuple[int, ...]:
    sizes = list(target)
    for axis in varying(cut.trace.outputs[0]):
        if -axis <= len(sizes) and sizes[axis] != -1:
            sizes[axis] = int(cut.after(axis).sum())
    return tuple(sizes)


class Permute(Rule):
    """Axes in another order."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Channels on the axes where they end up."""
        axes = getattr(use.operation, "dims", None) or tuple(use.operation.axes or ())[1:]
        if sorted(axes) != list(range(1, len(use.inputs[0]) + 1)):
            use.refuse("moves the axis of samples")
        return [use.found[0].transpose([axis - 1 for axis in axes])]


class NewAxes(Rule):
    """Axes of size 1 that come or go."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in: their own axis is longer than 1."""
        channels = use.found[0]
        if len(varying(channels)) > 1:
            use.refuse("has channels on several axes")
        before, after = use.inputs[0], use.outputs[0]
        where = [axis for axis, size in enumerate(before) if size != 1]
        there = [axis for axis, size in enumerate(after) if size != 1]
        if len(where) != len(there) or not varying(channels):
            return [channels.ravel()[:1].reshape((1,) * len(after))]
        axis = there[where.index(varying(channels)[0] + len(before))] - len(after)
        return [placed(channels.ravel(), axis, len(after))]


class GetItem(Rule):
    """x[key], where the axis of the channels is taken whole or by a plain slice."""

    sized = True
    edits = True

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that are taken."""
        channels = use.found[0]
        key = full_key(use.given("key", 1), len(use.inputs[0]) + 1)
        if key is None or key[0] != slice(None):
            use.refuse("takes samples, or makes new axes")
        taken = []
        for axis, part in zip(range(-channels.ndim, 0), key[1:], strict=True):
            if axis not in varying(channels):
                taken.append(0 if isinstance(part, int) else slice(None))
            elif isinstance(part, int) or part.step not in (None, 1):
                use.refuse("takes single channels")
            else:
                taken.append(part)
        found = channels[tuple(taken)]
        if varying(channels):
            use.ledger.parts.append(found.ravel())
        return [found]

    def call(
        self, operation: Any, cut: Cut, arguments: Sequence[Any], settings: Mapping[str, Any]
    ) -> Any:
        """The slice of what stays."""
        key: list[Any] = list(full_key(_second(arguments, settings, "key"), arguments[0].ndim))
        for axis in varying(cut.trace.inputs[0]):
            flags = cut.before(axis)
            start, stop, _ = key[axis].indices(len(flags))
            key[axis] = slice(int(flags[:start].sum()), int(flags[:stop].sum()))
        return cut.put(operation.name, lambda x, part: x[part], arguments[0], tuple(key))


def full_key(key: Any, rank: int) -> Any:
    """A key with one part for each axis; None for keys that make new axes or hold arrays."""
    parts = list(key) if isinstance(key, (list, tuple)) else [key]
    if any(not (part is Ellipsis or isinstance(part, (int, slice))) for part in parts):
        return None
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    hole = parts.index(Ellipsis)
    parts[hole : hole + 1] = [slice(None)] * (rank - len(parts) + 1)
    return tuple(parts)


def _second(arguments: Sequence[Any], settings: Mapping[str, Any], name: str) -> Any:
    return arguments[1] if len(arguments) > 1 else settings[name]


class Split(Rule):
    """One tensor in several pieces along an axis."""

    sized = True
    edits = True

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Each piece's channels."""
        channels, axis = use.found[0], use.operation.axis
        axis = axis if axis < 0 else axis - len(use.inputs[0]) - 1
        if -axis > channels.ndim:
            use.refuse("splits samples")
        if axis not in varying(channels):
            return [channels] * len(use.outputs)
        pieces = np.split(channels, self._places(use.operation, channels.shape[axis]), axis)
        use.ledger.parts += [piece.ravel() for piece in pieces]
        return list(pieces)

    def call(
        self, operation: Any, cut: Cut, arguments: Sequence[Any], settings: Mapping[str, Any]
    ) -> Any:
        """Split between the channels that stay."""
        axis = operation.axis
        axis = axis if axis < 0 else axis - arguments[0].ndim
        if axis not in varying(cut.trace.inputs[0]):
            return operation(*arguments, **settings)
        flags = cut.before(axis)
        places = [int(flags[:place].sum()) for place in self._places(operation, len(flags))]
        split = backend.keras().ops.split
        return cut.put(operation.name, lambda x: split(x, places, axis=axis), arguments[0])

    def _places(self, operation: Any, size: int) -> list[int]:
        places = operation.indices_or_sections
        if isinstance(places, int):
            return [size // places * number for number in range(1, places)]
        return [int(place) for place in places]


class Pad(Rule):
    """Constants around a tensor; zeros beside the channels are channels that stay."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in, among new ones."""
        operation, channels = use.operation, use.found[0]
        widths = [tuple(width) for width in operation.pad_width]
        widths = widths * (channels.ndim + 1) if len(widths) == 1 else widths
        axes = [axis for axis in varying(channels) if any(widths[axis])]
        if any(widths[0]) or (axes and (operation.mode != "constant" or self._filled(use))):
            use.refuse("pads channels or samples with something else than zeros")
        if not axes:
            return [channels]
        sides = []
        for width in widths[axes[0]]:
            sides.append(use.ledger.fresh(width))
            use.ledger.freeze(sides[-1], "zeros of a pad")
        here = along(channels, axes[0])
        return [placed(np.concatenate([sides[0], here, sides[1]]), axes[0], channels.ndim)]

    def still(self, use: Use) -> bool:
        """If what is padded is."""
        return all(use.still) and (use.operation.mode != "constant" or not self._filled(use))

    def _filled(self, use: Use) -> Any:
        return use.given("constant_values", 1)


MOVES: dict[str, Rule] = {
    **dict.fromkeys(["Flatten", "Reshape"], Reshape()),
    **dict.fromkeys(["Permute", "Transpose"], Permute()),
    **dict.fromkeys(["ExpandDims", "Squeeze"], NewAxes()),
    "GetItem": GetItem(),
    "Pad": Pad(),
    "Split": Split(),
}
"""Rules by kind of layer or function of keras.ops."""
