"""Samples mixed with each other."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Mixup(Augmentation):
    """Every sample is mixed with another one, and so are their targets."""

    IMAGES: ClassVar[bool] = False
    MIXES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """By a share from Beta(0.2, 0.2) (Zhang et al. 2018)."""
        return [keras.layers.MixUp(alpha=0.2, seed=numbers.seed)]
