"""Images that are turned."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Rotate(Augmentation):
    """Images are turned by a few degrees."""

    MOVES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Up to 15 degrees either way."""
        return [keras.layers.RandomRotation(15 / 360, fill_mode="reflect", seed=numbers.seed)]
