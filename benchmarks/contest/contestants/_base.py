"""What a contestant is: it makes files of a teacher, for its bill."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from arena import Arena
from effort import Effort


@dataclass(frozen=True)
class Contestant(ABC):
    """trained: whether it trains, and spends the bill of everyone who does; ablation: whether it is
    no contestant but shows what a part of one brings.
    """

    name: str
    trained: bool = False
    ablation: bool = False

    def bill(self, effort: Effort) -> int:
        """Passes over the training data that it must spend, to the last."""
        return effort.bill if self.trained else 0

    @abstractmethod
    def enter(self, arena: Arena) -> None:
        """Make all its files, kept as rows by `Arena.kept`. What fails is a row that says why."""
