"""Images in a mirror."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Flip(Augmentation):
    """Half of the images are seen in a mirror."""

    MOVES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Left and right change places."""
        return [keras.layers.RandomFlip("horizontal", seed=numbers.seed)]
