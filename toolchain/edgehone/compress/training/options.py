"""How a user wants models trained: what is done to samples, and what their labels weigh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from edgehone.compress import _checks
from edgehone.compress.training import augmentations
from edgehone.errors import ConfigError
from edgehone.system.bounds import WEIGHT

BALANCED = "balanced"
"""Class weights by which all classes count the same."""


@dataclass(frozen=True)
class TrainingOptions:
    """What all trainings have in common, whichever technique trains.

    augment: what is done to every batch of training samples, in this order: names of
    augmentations ("flip", "crop", "mixup", …) or "python:module:function".
    class_weights: what classes weigh in the loss of the labels: "balanced", or weights by the name
    or label of a class; None: all samples weigh the same.
    """

    augment: Sequence[str] = ()
    class_weights: str | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        given = (self.augment,) if isinstance(self.augment, str) else tuple(self.augment)
        object.__setattr__(self, "augment", given)
        augmentations.require_known(self.augment)
        if self.class_weights is not None and self.class_weights != BALANCED:
            object.__setattr__(self, "class_weights", _weights(self.class_weights))

    @property
    def plain(self) -> dict[str, Any]:
        """What differs from the defaults, as plain data."""
        return {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) != each.default
        }


def _weights(given: Any) -> dict[str, float]:
    """Weights by class, whose names may be integers."""
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"class_weights = {given!r:.80} are no weights.",
            f'Write "{BALANCED}", or weights by class: {{"cat": 2.0, "dog": 1.0}}.',
        )
    for name, weight in given.items():
        _checks.number(f"the weight of class {name}", weight, 0, WEIGHT)
    if given and not any(given.values()):
        raise ConfigError("All class_weights are 0.", "Give one class a weight.")
    return {str(name): float(weight) for name, weight in given.items()}


USUAL = TrainingOptions()
"""Samples as they are."""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
