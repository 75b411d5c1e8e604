"""An integer program over measured costs and sensitivities, corrected by every measurement."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.search.bracketing import bracketed
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Plan
from edgehone.search.program import Question, solve
from edgehone.search.strategies._base import Strategy
from edgehone.search.sums import Limits


@dataclass(frozen=True)
class Allocate(Strategy):
    """Least predicted loss within the corrected limits, layer by layer; draws nothing."""

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The next plan of the bracketed objective."""

        def found(limits: Limits, default: str) -> Plan | None:
            left = limits.beside(tables.rest_in(default))
            return solve(Question(tables.space, tables.losses, tables.cost, left, default))

        return bracketed(tables, trials, goal, found)
