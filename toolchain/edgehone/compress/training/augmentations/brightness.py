"""Images that are lighter or darker."""

from collections.abc import Sequence
from typing import Any

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Brightness(Augmentation):
    """Images are made lighter or darker."""

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """By up to a fifth of the range of the data."""
        span = (numbers.low, numbers.high)
        return [keras.layers.RandomBrightness(0.2, value_range=span, seed=numbers.seed)]
