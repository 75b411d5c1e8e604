"""What a search strategy is: a snapshot of the history in, a proposal or a stop out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial


@dataclass(frozen=True)
class Strategy(ABC):
    """One way to find the next candidate. It keeps no state: asked again with the same history, it
    answers the same, and what became of its proposals is reported as trials.

    seed: of everything it draws at random.
    """

    seed: int = 0

    def incumbent(self, trials: Sequence[Trial]) -> Trial | None:
        """The candidate around whose model sensitivities shall be taken again before the next
        question; None: those of the whole model are good enough.
        """
        return None

    @abstractmethod
    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The next plan to build, or why there is none. trials: all so far, oldest first, baselines
        (target None) and those that were lost included; no plan among them may be proposed again.
        """
