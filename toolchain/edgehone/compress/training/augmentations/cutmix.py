"""Images with parts of each other."""

from collections.abc import Sequence
from typing import Any, ClassVar

from edgehone.compress.training.augmentations._base import Augmentation, Numbers


class Cutmix(Augmentation):
    """A rectangle of every image comes from another one."""

    MIXES: ClassVar[bool] = True

    def layers(self, keras: Any, numbers: Numbers) -> Sequence[Any]:
        """A rectangle of any share (Yun et al. 2019)."""
        return [keras.layers.CutMix(factor=1.0, seed=numbers.seed)]
