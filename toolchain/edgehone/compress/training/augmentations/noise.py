"""Samples with random numbers added."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Noise(Augmentation):
    """Random numbers are added to samples of any shape."""

    IMAGES: ClassVar[bool] = False
    HIDES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Normal ones, whose deviation is a twentieth of the range of the data."""
        deviation = 0.05 * (numbers.high - numbers.low)
        return [keras.layers.GaussianNoise(deviation, seed=numbers.seed)]
