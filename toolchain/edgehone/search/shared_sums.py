"""What the shared choices of a plan sum to by themselves: operators without weights, and memory."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehone.search.memory import bytes_by_moment
from edgehone.search.plan import LayerChoice, Option, Plan
from edgehone.search.space import Space
from edgehone.search.sums import Cost, carried_bytes, operator_cost

Array = NDArray[np.float64]
Choice = tuple[tuple[str, str], Option]
"""A technique, one of its shared subjects, and an option."""


@dataclass(frozen=True)
class Linear:
    """Sums (n,) of a plan that are whole where nothing is changed, and differ by `steps` (n, m) for
    each of m choices; exact where each sum depends on one subject, else to the first order.
    """

    whole: Array
    steps: Array


def operators_cost(space: Space, cost: Cost, default: str, choices: Sequence[Choice]) -> Linear:
    """The cost of all operators without weights: n = 1."""

    def summed(plan: Plan) -> Array:
        return np.array([sum(operator_cost(space, each, cost, plan) for each in space.operators)])

    concerned = {name for each in space.operators for name in _shared(space, each)}
    return _linear(space, default, choices, summed, concerned)


def carried_by_choice(space: Space, default: str, choices: Sequence[Choice]) -> Linear:
    """Bytes of the weights whose layers have no cost: n = 1."""
    every = {name for name, _ in choices} if space.carried else set()
    return _linear(
        space, default, choices, lambda plan: np.array([carried_bytes(space, plan)]), every
    )


def memory_by_moment(space: Space, default: str, choices: Sequence[Choice]) -> Linear:
    """Bytes of the values at each of n moments."""
    every = {name for name, _ in choices}
    return _linear(
        space, default, choices, lambda plan: bytes_by_moment(space.values, space, plan), every
    )


def _linear(
    space: Space,
    default: str,
    choices: Sequence[Choice],
    summed: Callable[[Plan], Array],
    concerned: Collection[tuple[str, str]],
) -> Linear:
    start = space.unchanged(default)
    whole = summed(start)
    steps = np.zeros((len(whole), len(choices)))
    for place, ((technique, subject), option) in enumerate(choices):
        if (technique, subject) in concerned and option != start.choices[technique][subject]:
            chosen = {**start.of(technique), subject: option}
            changed = Plan({**start.choices, technique: chosen}, default)
            steps[:, place] = summed(changed) - whole
    return Linear(whole, steps)


def _shared(space: Space, layer: LayerChoice) -> set[tuple[str, str]]:
    return {
        (each.NAME, subject)
        for each in space.decisions
        if each.SHARED
        for subject in each.concerns(layer)
    }
