"""The same share of everything everywhere: what a user without measurements would do."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.search.bracketing import bracketed
from edgehone.search.equal_shares import EqualShares
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.strategies._base import Strategy


@dataclass(frozen=True)
class Uniform(Strategy):
    """Every layer in the same precision and equally far down the ladder of its options, no further
    than the limits ask for; technique by technique and all together. Draws nothing.
    """

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The next plan of the bracketed objective."""
        return bracketed(tables, trials, goal, (("", EqualShares.of(tables).best),))
