"""Images that are moved."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Translate(Augmentation):
    """Images are moved up, down, left or right."""

    MOVES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Up to a tenth of each side."""
        return [keras.layers.RandomTranslation(0.1, 0.1, fill_mode="reflect", seed=numbers.seed)]
