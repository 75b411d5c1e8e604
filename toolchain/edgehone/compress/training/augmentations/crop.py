"""Parts of images."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Crop(Augmentation):
    """A part of every image takes the place of the whole."""

    MOVES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """At least 80 % of each side, anywhere, enlarged to the size of the image."""
        zoom = keras.layers.RandomZoom((-0.2, 0.0), fill_mode="reflect", seed=numbers.seed)
        shift = keras.layers.RandomTranslation(0.1, 0.1, fill_mode="reflect", seed=numbers.seed + 1)
        return [zoom, shift]
