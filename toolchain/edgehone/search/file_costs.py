"""The cost of a whole file, predicted from what its operators cost alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.search.cost_table import CostTable
from edgehone.values import LayerSpec


@dataclass(frozen=True)
class FileCost:
    """cost: the overhead of an inference and every operator that the table knows, in the table's
    unit; unknown: how many it does not know.
    """

    cost: float
    unknown: int


def predicted(
    entries: Sequence[tuple[LayerSpec | None, str]], default: str, table: CostTable
) -> FileCost:
    """The cost of a file of a default precision, made of these operators and precisions."""
    costs = [
        None if spec is None or not precision else table.cost(spec, precision)
        for spec, precision in entries
    ]
    known = [cost for cost in costs if cost is not None]
    return FileCost(table.overhead.get(default, 0.0) + sum(known), len(costs) - len(known))
