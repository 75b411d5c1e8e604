"""How much the contest trains and measures, data set by data set; every contestant's bill."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

BUDGETS = (0.005, 0.01, 0.03, 0.06, 0.10)
"""Accuracy that may be lost against the teacher, as a fraction."""

SOFT, HARD = 0.3, 0.7
"""What the teacher's answers and the labels weigh for all who learn from both: without a weight,
`distill` would try both ways, each for a bill of its own."""

PARENT_PASSES = 4
"""Passes of a network that each epoch of a slimmable parent costs."""


@dataclass(frozen=True)
class Effort:
    """train: most training samples; widths: of the uniform copies; epochs: passes over the data for
    each of them, so that their product is what every trained contestant spends. searching: passes
    for each candidate while a search goes on; rounds: candidates a budget; parent_epochs: of a
    slimmable parent; blocks: fresh processes a file in the final batch.
    """

    train: int
    teacher_epochs: int
    widths: tuple[float, ...]
    epochs: int
    searching: int
    rounds: int
    parent_epochs: int
    budgets: tuple[float, ...] = BUDGETS
    batch_size: int = 64
    rate: float = 3e-3
    blocks: int = 6
    sparsities: tuple[float, ...] = (0.3, 0.5, 0.7, 0.8, 0.9)

    @property
    def bill(self) -> int:
        """Passes over the training data that each trained contestant spends."""
        return len(self.widths) * self.epochs

    @property
    def parent(self) -> int:
        """Passes that a slimmable parent costs."""
        return PARENT_PASSES * self.parent_epochs


_WIDTHS = (0.875, 0.75, 0.625, 0.5, 0.375, 0.25)

FULL: Mapping[str, Effort] = {
    "fashion": Effort(10_000, 20, _WIDTHS, 20, 2, 4, 4),
    "spoken": Effort(2_700, 60, _WIDTHS, 40, 4, 4, 8),
    "activity": Effort(2_553, 60, _WIDTHS, 60, 6, 4, 10),
}
"""Epochs at which uniform copies were seen to gain no more are in README.md."""

QUICK = Effort(
    train=1_000,
    teacher_epochs=6,
    widths=(0.75, 0.5),
    epochs=10,
    searching=1,
    rounds=2,
    parent_epochs=1,
    budgets=(0.03,),
    blocks=2,
    sparsities=(0.5,),
)
"""Enough to see that the contest is fair; its numbers say nothing about the contestants."""


def shares(bill: int, several: int) -> list[int]:
    """A bill split over so many trainings: whole epochs, as equal as can be, none lost.

    several must be positive; some shares are 0 where the bill is smaller than that.
    """
    each, over = divmod(bill, several)
    return [each + (number < over) for number in range(several)]


def reduced(effort: Effort, share: float) -> Effort:
    """The same with a share in (0, 1] of the epochs of everything that is trained."""

    def less(epochs: int) -> int:
        return max(1, round(share * epochs))

    return replace(
        effort,
        teacher_epochs=less(effort.teacher_epochs),
        epochs=less(effort.epochs),
        searching=less(effort.searching),
        parent_epochs=less(effort.parent_epochs),
    )
