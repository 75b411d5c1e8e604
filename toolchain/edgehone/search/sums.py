"""What a plan's layers sum to: the quantities that the search limits and predicts."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgehone import precisions
from edgehone.search.memory import plan_memory_bytes
from edgehone.search.plan import LayerChoice, Losses, Piece, Plan
from edgehone.search.shapes import file_bytes, memory_bytes
from edgehone.search.space import Space
from edgehone.values import LayerSpec

Cost = Callable[[LayerSpec, str, str], float | None]
"""Predicted cost of a layer in a precision, in a file of a default precision (with the conversions
at its borders, where the two differ): milliseconds, or instructions where a device counts those;
None where it cannot be had."""


SUMS = ("cost", "size_bytes", "memory_bytes", "packed_bytes")
"""What a plan's layers sum to that can be limited."""


@dataclass(frozen=True)
class Limits:
    """Upper limits on what a plan's layers sum to, before any correction; infinity: no limit.

    memory_bytes is of all values at their highest, or of the largest layer where those are not
    known; the others are sums over layers; packed_bytes: after DEFLATE.
    """

    cost: float = float("inf")
    size_bytes: float = float("inf")
    memory_bytes: float = float("inf")
    packed_bytes: float = float("inf")

    def beside(self, rest: "Totals") -> "Limits":
        """What the limits leave to a plan's layers beside the rest of the file."""
        return replace(
            self,
            cost=self.cost - rest.cost,
            size_bytes=self.size_bytes - rest.size_bytes,
            packed_bytes=self.packed_bytes - rest.packed_bytes,
        )


@dataclass(frozen=True)
class Totals:
    """What a plan's layers sum to, before any correction."""

    cost: float
    size_bytes: float
    memory_bytes: float
    loss: float
    packed_bytes: float = 0.0

    def within(self, limits: Limits) -> bool:
        """Whether no limit is passed."""
        return all(getattr(self, name) <= getattr(limits, name) for name in SUMS)

    def plus(self, rest: "Totals") -> "Totals":
        """These layers with the rest of the file."""
        return Totals(
            self.cost + rest.cost,
            self.size_bytes + rest.size_bytes,
            max(self.memory_bytes, rest.memory_bytes),
            self.loss + rest.loss,
            self.packed_bytes + rest.packed_bytes,
        )

    def less(self, layers: "Totals") -> "Totals":
        """What a whole file has beside these layers."""
        return Totals(
            max(self.cost - layers.cost, 0.0),
            max(self.size_bytes - layers.size_bytes, 0.0),
            self.memory_bytes,
            max(self.loss - layers.loss, 0.0),
            max(self.packed_bytes - layers.packed_bytes, 0.0),
        )


NOTHING = Totals(0.0, 0.0, 0.0, 0.0)


def totals(space: Space, losses: Losses, cost: Cost, plan: Plan) -> Totals:
    """What a plan's layers and operators sum to; those without a cost count nothing. Memory is of
    all values where they are known, else of the largest layer.
    """
    price = sum(operator_cost(space, each, cost, plan) for each in space.operators)
    size = memory = packed = 0.0
    for layer in space.layers:
        piece = space.made(layer, plan.choices, plan.default)
        price += sum(each or 0.0 for each in costs_of(piece, cost, plan.default))
        size += size_of(piece)
        packed += piece.packed * size_of(piece)
        memory = max(memory, memory_of(piece))
    carried = carried_bytes(space, plan)
    size, packed = size + carried, packed + carried
    if space.values:
        memory = plan_memory_bytes(space.values, space, plan)
    return Totals(price, size, memory, losses.of(plan), packed)


def carried_bytes(space: Space, plan: Plan) -> float:
    """Bytes of the weights whose layers have no cost, in the file's default precision."""
    if not space.carried:
        return 0.0
    widths, gone = space.widths(plan), space.gone(plan)
    left = sum(each.elements(widths) for each in space.carried if each.layer not in gone)
    return left * precisions.named(plan.default).weight_bytes


def operator_cost(space: Space, operator: LayerChoice, cost: Cost, plan: Plan) -> float:
    """The cost of one operator without weights, as wide as the plan leaves it."""
    piece = space.made(operator, plan.choices, plan.default)
    return sum(each or 0.0 for each in costs_of(piece, cost, plan.default))


def costs_of(piece: Piece, cost: Cost, default: str) -> list[float | None]:
    """The cost of each part; None where the format has no such layer."""
    found = [cost(part, piece.precision, default) for part in piece.parts]
    return [None if each is None else each * piece.speed for each in found]


def size_of(piece: Piece) -> float:
    """Bytes in the raw file."""
    return sum(file_bytes(part, piece.precision) for part in piece.parts)


def memory_of(piece: Piece) -> float:
    """Bytes of the largest part's activations while it runs."""
    return max((memory_bytes(part, piece.precision) for part in piece.parts), default=0.0)
