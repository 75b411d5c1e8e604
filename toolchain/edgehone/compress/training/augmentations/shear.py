"""Images that are slanted."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Shear(Augmentation):
    """Images are slanted."""

    MOVES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """By up to a tenth of each side."""
        return [keras.layers.RandomShear(0.1, 0.1, fill_mode="reflect", seed=numbers.seed)]
