"""What is done to training samples: one augmentation a file; a user's own is a function."""

from collections.abc import Sequence
from functools import partial

from edgehone.compress.training.augmentations._base import Augmentation, Numbers
from edgehone.data import DataSet
from edgehone.errors import ConfigError
from edgehone.system import user_code, variants
from edgehone.system.numbers import Shape
from edgehone.system.settings import UNLABELLED

__all__ = [
    "PACKAGE",
    "Augmentation",
    "Numbers",
    "augmentation",
    "known",
    "mixes",
    "moves",
    "require",
    "require_data",
    "require_known",
]

PACKAGE = __name__

known = partial(variants.module_names, PACKAGE)
"""The names of all augmentations, sorted."""


def augmentation(name: str) -> Augmentation:
    """The augmentation of this name."""
    return variants.load(PACKAGE, Augmentation, name)()


def require_known(names: Sequence[str]) -> None:
    """Refuse names that are neither augmentations nor functions of the user's: ConfigError."""
    for name in names:
        if not isinstance(name, str) or not (name in known() or user_code.is_reference(name)):
            raise ConfigError(
                f"Unknown augmentation {name!r:.80}.",
                f'Known: {", ".join(known())}; or "python:module:function", called with '
                "(x, y, seed).",
            )


def own(names: Sequence[str]) -> list[Augmentation]:
    """Those that come with the package."""
    return [augmentation(name) for name in names if not user_code.is_reference(name)]


def moves(name: str) -> bool:
    """Whether it moves pixels."""
    return augmentation(name).MOVES


def mixes(names: Sequence[str]) -> bool:
    """Whether targets are mixed with each other, so that they no longer are labels."""
    return any(each.MIXES for each in own(names))


def require_data(names: Sequence[str], data: DataSet) -> None:
    """Refuse augmentations that cannot be made to the training data: ConfigError."""
    train = data.train
    require(names, train.x.shape[1:], train.y.shape[1:], str(train.x.dtype))
    if mixes(names) and data.unlabelled is not None:
        raise ConfigError(
            "mixup and cutmix mix the labels of samples, and some samples have none.",
            f"Leave them out of augment, or leave out {UNLABELLED}.",
        )


def require(names: Sequence[str], sample: Shape, target: Shape, dtype: str) -> None:
    """Refuse augmentations that cannot be made to such samples and targets, whose shapes are those
    of one: ConfigError.
    """
    for name in names:
        if user_code.is_reference(name):
            user_code.function(name)
            continue
        each = augmentation(name)
        if each.IMAGES and (len(sample) != 3 or None in sample):
            raise ConfigError(
                f"The augmentation {name!r} needs images (height, width, channels); the samples "
                f"have shape {sample}.",
                "Leave it out of augment, or name a function of your own there, "
                '"python:module:function".',
            )
        if not each.IMAGES and "float" not in dtype:
            raise ConfigError(
                f"The augmentation {name!r} needs samples of fractions; the model takes {dtype}.",
                "Leave it out of augment.",
            )
        spatial = target[:2] == sample[:2] and len(target) > 1
        if each.MOVES and len(target) > 1 and not spatial:
            raise ConfigError(
                f"The augmentation {name!r} moves pixels, and targets of shape {target} would not "
                "move with them.",
                "Leave it out of augment, or name a function of your own that moves both.",
            )
        if each.MIXES and each.IMAGES and len(target) > 1:
            raise ConfigError(
                f"The augmentation {name!r} needs one label a sample; targets have shape {target}.",
                "Leave it out of augment.",
            )
