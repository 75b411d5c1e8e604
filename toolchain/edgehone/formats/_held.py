"""Which tensors integers cannot hold, and what must stay float for that at a model's two ends."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from edgehone.formats._base import Array
from edgehone.formats._columns import LEAST_SHARE, MOST_COLUMNS, Column, worst_column
from edgehone.formats._dataflow import Flow, Node, Role
from edgehone.formats._exact import Kept

LEAST_DB = 25.0
"""Signal to noise that rounding to integers must leave in every column of an input or output.

Rounding alone then costs a column 0.003 of its R2. One that uses its range well has 43 dB (a
normal distribution over 6 deviations), and int8 layers leave 27 to 50 dB (`Precision.bound_db`).
"""

SAMPLES = 64
"""Calibration samples on which this is found out."""

Values = Mapping[str, Array]
"""What a float file computes for some samples, (n, …) by tensor."""

Ranges = Mapping[str, tuple[float, float]]
"""Smallest and largest value of tensors."""

_INSIDE: tuple[Role, ...] = ("layout", "arithmetic", "counts")
"""Roles of nodes that hand on what they read; behind others, tensors are hidden ones."""

_PROBABILITIES: frozenset[Role] = frozenset({"softmax", "sigmoid"})


@dataclass(frozen=True)
class Ends:
    """A float model's flow, its values on some samples, and the range that each tensor has.

    bits: of the integers. symmetric: whether they have their zero at 0.
    """

    flow: Flow
    values: Values
    ranges: Ranges
    bits: int = 8
    symmetric: bool = False

    def held(self, tensor: str) -> Column | None:
        """The column that rounding leaves least of, when that is below LEAST_DB; of columns that
        are judged by the median one's variance, below what that leaves the darkest of them.
        """
        values = self.values.get(tensor)
        if values is None or tensor not in self.ranges:
            return None
        rounded = rounded_to(self.bits, values, self.ranges[tensor], symmetric=self.symmetric)
        worst = worst_column(values, rounded)
        if worst is None:
            return None
        least = LEAST_DB if worst.alone else LEAST_DB + 10 * math.log10(LEAST_SHARE)
        return worst if worst.snr_db < least else None


def rounded_to(bits: int, values: Array, span: tuple[float, float], *, symmetric: bool) -> Array:
    """Values as integers of so many bits over the range, 0 among them, hold them.

    Values outside of the range are rounded alike: where it is narrower than what was seen, by a
    percentile or by training, clipping is what was asked for.
    """
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    if symmetric:
        high = max(-low, high)
        low = -high
    if high == low:
        return np.zeros_like(values)
    most = 2**bits - (2 if symmetric else 1)
    step = (high - low) / most
    return np.asarray(np.round(np.asarray(values, np.float64) / step) * step)


def watched(flow: Flow) -> frozenset[str]:
    """The tensors at both ends: inputs and outputs, and what layout and arithmetic make of those or
    make those of.
    """
    found: set[str] = set()
    for name in flow.outputs:
        found |= flow.sources(name, _INSIDE)
    pending = list(flow.inputs)
    while pending:
        name = pending.pop()
        found.add(name)
        for node in flow.readers.get(name, ()):
            if node.role in _INSIDE:
                pending.extend(each for each in node.writes if each not in found)
    return frozenset(found)


def unheld(ends: Ends) -> Kept:
    """What stays float because integers cannot hold a column of an input or an output.

    From an output back: the node that makes it, and those before it up to the first tensor that
    can be held, at most up to the last layer with weights. From a table of inputs on: the nodes
    that read it, up to the first result that can be held, at most up to the first such layers.
    Outputs that are probabilities are left alone: 8 bits are what those usually have.
    """
    return _tail(ends) | _head(ends)


def _tail(ends: Ends) -> Kept:
    nodes: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for output in ends.flow.outputs:
        if ends.flow.ends(output) <= _PROBABILITIES:
            continue
        column = ends.held(output)
        if column is None:
            continue
        outputs[output] = _reason(ends, output, column)
        nodes |= dict.fromkeys(_back(ends, output), outputs[output])
    return Kept(nodes, {}, outputs)


def _back(ends: Ends, output: str) -> list[str]:
    """Names of the nodes that must compute in float for the output to be held."""
    return _walk(
        output,
        lambda name: [ends.flow.maker[name]] if name in ends.flow.maker else [],
        lambda node: [name for name in node.reads if ends.held(name) is not None],
    )


def _head(ends: Ends) -> Kept:
    nodes: dict[str, str] = {}
    inputs: dict[str, str] = {}
    for name in ends.flow.inputs:
        values = ends.values.get(name)
        if values is None or values.ndim != 2 or not 1 < values.shape[1] <= MOST_COLUMNS:
            continue
        column = ends.held(name)
        if column is None:
            continue
        inputs[name] = _reason(ends, name, column)
        found = _walk(
            name,
            lambda tensor: list(ends.flow.readers.get(tensor, ())),
            lambda node: [each for each in node.writes if ends.held(each) is not None],
        )
        nodes |= dict.fromkeys(found, inputs[name])
    return Kept(nodes, inputs, {})


def _walk(
    start: str, next_nodes: Callable[[str], list[Node]], further: Callable[[Node], list[str]]
) -> list[str]:
    """Names of the nodes next to a tensor, and so on from those that hand on what they read."""
    found: list[str] = []
    pending = [start]
    while pending:
        for node in next_nodes(pending.pop()):
            if node.name in found:
                continue
            found.append(node.name)
            if node.role in _INSIDE:
                pending.extend(further(node))
    return found


def _reason(ends: Ends, tensor: str, column: Column) -> str:
    return (
        f"{ends.bits} bits over the range of {tensor} leave {column.snr_db:.0f} dB of its "
        f"{column.words}"
    )
