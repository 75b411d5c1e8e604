"""The memory that a plan's values take while they are computed, from how long each is needed."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgehone import precisions
from edgehone.formats._tflite.arena import ALIGNMENT, Lifetime, working
from edgehone.graph.lifetimes import LiveValue
from edgehone.search.plan import Piece, Plan
from edgehone.search.shapes import output_size
from edgehone.search.space import Space

Array = NDArray[np.float64]


def plan_memory_bytes(values: Sequence[LiveValue], space: Space, plan: Plan) -> int:
    """Bytes of all values at their highest, inputs and outputs beside the others
    (`formats._tflite.arena.working`). values: of the model that the space is about. A value is as
    wide as the layers whose channels it has have become; a layer in two factors has one more.
    """
    pieces = _pieces(space, plan)
    size = precisions.named(plan.default).activation_bytes
    found = [
        Lifetime(taken, each.first, each.last, each.border)
        for each, taken in zip(values, _sizes(values, space, pieces, size), strict=True)
    ]
    return working([*found, *_between_factors(values, pieces, size)])


def bytes_by_moment(values: Sequence[LiveValue], space: Space, plan: Plan) -> Array:
    """(operations,): bytes of all values that are needed during each, those at the borders always;
    no plan of their memory takes less. Without what lies between two factors.
    """
    size = precisions.named(plan.default).activation_bytes
    found = np.zeros(max(each.last for each in values) + 1)
    for each, taken in zip(values, _sizes(values, space, _pieces(space, plan), size), strict=True):
        found[slice(None) if each.border else slice(each.first, each.last + 1)] += taken
    return found


def _pieces(space: Space, plan: Plan) -> Mapping[str, Piece]:
    return {layer.name: space.made(layer, plan.choices, plan.default) for layer in space.layers}


def _sizes(
    values: Sequence[LiveValue], space: Space, pieces: Mapping[str, Piece], size: int
) -> list[int]:
    """Bytes of each value. size: of one number."""
    widths = {}
    for layer in space.layers:
        parts = pieces[layer.name].parts
        left = parts[-1].out_channels if parts else 0
        widths[layer.name] = (layer.spec.out_channels, left)
    return [_aligned(_width(each, widths) * size) for each in values]


def _between_factors(
    values: Sequence[LiveValue], pieces: Mapping[str, Piece], size: int
) -> Iterator[Lifetime]:
    """What the first of two factors hands to the second."""
    for each in values:
        piece = pieces.get(each.layer)
        if piece is not None and len(piece.parts) > 1:
            first = piece.parts[0]
            height, width = output_size(first)
            count = height * width * first.out_channels
            yield Lifetime(_aligned(count * size), each.first, each.first)


def _width(value: LiveValue, widths: Mapping[str, tuple[int, int]]) -> int:
    """Numbers of a value, in proportion to the channels that are left of its sources."""
    known = [widths[name] for name in value.sources if name in widths]
    before, after = sum(full for full, _ in known), sum(left for _, left in known)
    return value.elements * after // before if before else value.elements


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
