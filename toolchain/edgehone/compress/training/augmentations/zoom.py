"""Images that are enlarged or made smaller."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Zoom(Augmentation):
    """Images are enlarged or made smaller."""

    MOVES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Up to 15 % either way."""
        return [keras.layers.RandomZoom(0.15, fill_mode="reflect", seed=numbers.seed)]
