"""Plans drawn at random: the control that any other strategy must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.prediction import axes_of, corrections, limits_of, predict
from edgehone.search.random_plans import drawn
from edgehone.search.strategies._base import Strategy
from edgehone.search.summing import Summing

DRAWS = 1000
"""Draws after which the space is taken to hold no further plan within the budgets."""


@dataclass(frozen=True)
class Random(Strategy):
    """Every option of every subject equally likely. A plan counts once, and only where it is
    predicted to keep the budgets and the device has all its layers.
    """

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The first plan of the seed's draws that is not among the trials."""
        axes = axes_of(tables, goal)
        lines = corrections(trials, axes)
        limits = limits_of(goal, trials, lines, {}, axes)
        built = [trial.plan for trial in trials if trial.target is not None]
        summing = Summing(tables)
        for plan in drawn(tables.space, self.seed, DRAWS):
            if plan in built or not summing.can_be_had(plan):
                continue
            sums = summing.totals(plan)
            if sums.within(limits):
                return Proposal(plan, sums, 0.0, predict(sums, trials, lines, axes))
        return Stop(f"{DRAWS} random draws gave no further plan within the budgets")
