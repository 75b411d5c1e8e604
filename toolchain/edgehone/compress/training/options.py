"""How a user wants models trained: what is done to samples, and what their labels weigh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from edgehone.compress import _checks
from edgehone.compress.training import augmentations
from edgehone.errors import ConfigError
from edgehone.graph.compiled_loss import compiled_loss
from edgehone.system.bounds import WEIGHT
from edgehone.system.references import is_reference
from edgehone.values import NOTHING

BALANCED = "balanced"
"""Class weights by which all classes count the same."""


OPTIMIZERS = (
    *("Adam", "AdamW", "Nadam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax"),
    *("Adafactor", "Ftrl", "Lion", "Lamb", "Muon"),
)
SCHEDULES = (
    *("CosineDecay", "CosineDecayRestarts", "PolynomialDecay", "ExponentialDecay"),
    *("InverseTimeDecay", "constant"),
)
COMPILED = "compiled"
"""The loss of the model's file."""

FROZEN = ("stay", "train")
DECAY_AND_CLIPPING = ("weight_decay", "clipnorm", "global_clipnorm", "clipvalue")


@dataclass(frozen=True)
class TrainingOptions:
    """What all trainings have in common, whichever technique trains.

    augment: what is done to every batch of training samples, in this order: names of
    augmentations ("flip", "crop", "mixup", …) or "python:module:function".
    class_weights: what classes weigh in the loss of the labels: "balanced", or weights by the name
    or label of a class; None: all samples weigh the same.
    optimizer: the name of one of Keras's, or "python:module:function", called with the learning
    rate; optimizer_settings: its further arguments, such as {"momentum": 0.9}.
    schedule: how the learning rate goes: the name of one of Keras's, "constant", or
    "python:module:function", called with the highest rate and the number of steps.
    weight_decay, clipnorm, global_clipnorm, clipvalue, use_ema, ema_momentum: the optimizer's, as
    Keras has them.
    frozen: whether layers that do not train in the model "stay" so, or "train". Layers that a step
    has changed train in any case, and so do all where none would.
    regularizers: whether the model's own count beside a teacher, too.
    callbacks: "python:module:name", each called without arguments for a Keras callback.
    fit: "python:module:function" that trains in the place of `distill`; called with (model, data,
    teacher, epochs), it returns the model.
    loss: what is learned from the labels by, in the place of the task's own loss: the name of one
    of Keras's, "compiled" (the one that the model's file was compiled with), or
    "python:module:function" of (targets, outputs); loss_settings: of a class of Keras.
    """

    augment: Sequence[str] = ()
    class_weights: str | Mapping[str, float] | None = None
    optimizer: str = OPTIMIZERS[0]
    optimizer_settings: Mapping[str, Any] = NOTHING
    schedule: str = SCHEDULES[0]
    weight_decay: float | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    clipvalue: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    frozen: str = FROZEN[0]
    regularizers: bool = False
    callbacks: Sequence[str] = ()
    fit: str = ""
    loss: str = ""
    loss_settings: Mapping[str, Any] = NOTHING

    def __post_init__(self) -> None:
        given = (self.augment,) if isinstance(self.augment, str) else tuple(self.augment)
        object.__setattr__(self, "augment", given)
        augmentations.require_known(self.augment)
        if self.class_weights is not None and self.class_weights != BALANCED:
            object.__setattr__(self, "class_weights", _weights(self.class_weights))
        _known("optimizer", self.optimizer, OPTIMIZERS)
        _known("schedule", self.schedule, SCHEDULES)
        _checks.known("way to treat frozen layers", self.frozen, FROZEN)
        self._check_numbers()
        object.__setattr__(self, "callbacks", _references(self.callbacks, "callbacks"))
        _references(self.fit or (), "fit")
        if self.loss and (self.class_weights is not None or augmentations.mixes(self.augment)):
            raise ConfigError(
                "A loss of your own is set beside class_weights or augmentations that mix labels.",
                "Leave out the one or the other: the loss would have to know them.",
            )

    def _check_numbers(self) -> None:
        for name in DECAY_AND_CLIPPING:
            if (value := getattr(self, name)) is not None:
                _checks.number(name, value, 0, WEIGHT)
        _checks.number("ema_momentum", self.ema_momentum, 0, 1)
        clipping = [name for name in DECAY_AND_CLIPPING[1:] if getattr(self, name) is not None]
        if len(clipping) > 1:
            raise ConfigError(
                f"{' and '.join(clipping)} are both set.", "Keras clips by one of them: leave one."
            )

    @property
    def update_settings(self) -> dict[str, Any]:
        """What Keras's optimizers have in common, where it differs from their defaults."""
        asked = {name: getattr(self, name) for name in DECAY_AND_CLIPPING}
        found = {name: value for name, value in asked.items() if value is not None}
        ema = {"use_ema": True, "ema_momentum": self.ema_momentum}
        return {**found, **(ema if self.use_ema else {})}

    def of_model(self, source: str) -> "TrainingOptions":
        """The same with the loss that a model file was compiled with, where that is asked for.
        Raises ConfigError when the file does not say.
        """
        if self.loss != COMPILED:
            return self
        loss, settings = compiled_loss(source)
        return replace(self, loss=loss, loss_settings=settings)

    @property
    def plain(self) -> dict[str, Any]:
        """What differs from the defaults, as plain data."""
        return {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) != each.default
        }


def _known(what: str, name: Any, names: Sequence[str]) -> None:
    """Refuse a name that is neither known nor of code of the user's: ConfigError."""
    if not is_reference(name):
        _checks.known(what, name, names)


def _references(given: Any, what: str) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else tuple(given)
    for name in found:
        if not is_reference(name):
            raise ConfigError(
                f"{name!r:.80} under {what} names no code of yours.",
                'Write "python:module:name".',
            )
    return found


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
