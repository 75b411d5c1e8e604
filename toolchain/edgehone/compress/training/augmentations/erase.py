"""Images with a part overwritten."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Erase(Augmentation):
    """A rectangle of every image is overwritten."""

    HIDES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """Random erasing (Zhong et al. 2020), with the proportions that Keras has."""
        span = (numbers.low, numbers.high)
        return [keras.layers.RandomErasing(value_range=span, seed=numbers.seed)]
