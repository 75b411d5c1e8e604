"""The same share of everything everywhere: what a user without measurements would do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgehone.search.bracketing import bracketed
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Chosen, Plan
from edgehone.search.space import PRECISION, Space
from edgehone.search.strategies._base import Strategy
from edgehone.search.sums import Limits

STEPS = 64
"""Shares tried between leaving all as it is and the end of every ladder."""


@dataclass(frozen=True)
class Uniform(Strategy):
    """Every layer in the same precision and equally far down the ladder of its options, no further
    than the limits ask for; technique by technique and all together. Draws nothing.
    """

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The next plan of the bracketed objective."""
        rungs = {
            default: [(tables.totals(plan), plan) for plan in plans(tables.space, default)]
            for default in tables.space.defaults
        }

        def found(limits: Limits, default: str) -> Plan | None:
            fitting = [(sums, plan) for sums, plan in rungs[default] if sums.within(limits)]
            best = min(fitting, key=lambda each: (each[0].loss, each[0].cost), default=None)
            return best[1] if best else None

        return bracketed(tables, trials, goal, found)


def plans(space: Space, default: str) -> Iterator[Plan]:
    """All plans with equal shares in one precision, each once."""
    names = [each.NAME for each in space.decisions if each.NAME != PRECISION]
    sets = [{name} for name in names] + ([set(names)] if len(names) > 1 else [])
    seen: list[Plan] = [space.unchanged(default)]
    yield seen[0]
    for together in sets:
        for step in range(1, STEPS + 1):
            choices = _at(space, together, step / STEPS)
            plan = space.effective(Plan({**seen[0].choices, **choices}, default))
            if plan != seen[-1]:
                seen.append(plan)
                yield plan


def _at(space: Space, techniques: set[str], share: float) -> Chosen:
    """The options at a share in [0, 1] of the way down every ladder of these techniques."""
    found = {}
    for decision in space.decisions:
        if decision.NAME in techniques:
            ladders = {name: decision.ladder(name) for name in decision.subjects}
            found[decision.NAME] = {
                name: ladder[round(share * (len(ladder) - 1))] for name, ladder in ladders.items()
            }
    return found
