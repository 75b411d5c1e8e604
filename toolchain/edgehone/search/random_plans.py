"""Plans drawn at random: every option of every subject equally likely."""

from collections.abc import Iterator

import numpy as np

from edgehone.search.history import Tables
from edgehone.search.plan import Option, Plan
from edgehone.search.space import Space
from edgehone.search.summing import Summing
from edgehone.search.sums import Limits

NEAR = 200
"""Draws that are looked through for the one nearest to the limits."""


def drawn(space: Space, seed: int, count: int, default: str = "") -> Iterator[Plan]:
    """So many plans as the seed draws them; default: the file's precision, drawn as well if ""."""
    draw = np.random.default_rng(seed)
    for _ in range(count if space.defaults else 0):
        precision = default or space.defaults[draw.integers(len(space.defaults))]
        choices: dict[str, dict[str, Option]] = {}
        for decision in space.decisions:
            options = {name: decision.allowed(name, precision) for name in decision.subjects}
            choices[decision.NAME] = {
                name: several[draw.integers(len(several))] for name, several in options.items()
            }
        yield space.effective(Plan(choices, precision))


def near(tables: Tables, limits: Limits, default: str, seed: int) -> Plan | None:
    """Of some draws within the limits the one that costs most; None: none is within them. What it
    loses is not looked at.
    """
    summing = Summing(tables)
    fitting = [
        (sums.cost, number, plan)
        for number, plan in enumerate(drawn(tables.space, seed, NEAR, default))
        if (sums := summing.totals(plan)).within(limits) and summing.can_be_had(plan)
    ]
    return max(fitting, key=lambda each: each[:2])[2] if fitting else None
