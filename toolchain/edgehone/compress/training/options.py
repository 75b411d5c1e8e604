"""How a user wants models trained: what is done to samples, and what their labels weigh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from edgehone.compress.training import augmentations


@dataclass(frozen=True)
class TrainingOptions:
    """What all trainings have in common, whichever technique trains.

    augment: what is done to every batch of training samples, in this order: names of
    augmentations ("flip", "crop", "mixup", …) or "python:module:function".
    """

    augment: Sequence[str] = ()

    def __post_init__(self) -> None:
        given = (self.augment,) if isinstance(self.augment, str) else tuple(self.augment)
        object.__setattr__(self, "augment", given)
        augmentations.require_known(self.augment)

    @property
    def plain(self) -> dict[str, Any]:
        """What differs from the defaults, as plain data."""
        return {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) != each.default
        }


USUAL = TrainingOptions()
"""Samples as they are."""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
