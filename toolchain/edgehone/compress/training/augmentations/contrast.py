"""Images of more or less contrast."""

from collections.abc import Sequence
from typing import Any

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Contrast(Augmentation):
    """Differences within an image are made stronger or weaker."""

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """By up to 30 %, within the range of the data."""
        span = (numbers.low, numbers.high)
        return [keras.layers.RandomContrast(0.3, value_range=span, seed=numbers.seed)]
