"""What an augmentation is: Keras layers that change samples, and whether targets change too."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Numbers:
    """What samples hold: the lowest and the highest number; seed: of the draws."""

    low: float
    high: float
    seed: int


class Augmentation(ABC):
    """One way to change training samples at random, whose strength is what is usual for it."""

    MOVES: ClassVar[bool] = False
    """Whether it moves pixels, so that masks have to move with them."""

    IMAGES: ClassVar[bool] = True
    """Whether samples must be images (height, width, channels)."""

    MIXES: ClassVar[bool] = False
    """Whether it mixes samples with each other, and their targets with them."""

    HIDES: ClassVar[bool] = False
    """Whether it spoils samples and leaves targets that are samples whole, for a model that is to
    restore them."""

    @abstractmethod
    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Keras layers that are called one after another."""
