"""`[training]` of `edgehone.toml`: how models are trained, by Keras's names."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from edgehone.compress.training.options import (
    OPTIMIZERS,
    SCHEDULES,
    USUAL,
    TrainingOptions,
)
from edgehone.config._fields import Name, Section, Text, Weight
from edgehone.config.data import DataSection
from edgehone.config.quantities import WrongValueError
from edgehone.errors import ConfigError
from edgehone.system import bounds

Number = int | float | bool | str
References = Annotated[tuple[Text, ...], Field(max_length=bounds.LISTED)]


class TrainingSection(Section):
    """How students and compressed candidates are trained, whichever technique trains them."""

    optimizer: Text = Field(
        default=USUAL.optimizer,
        description=f'Keras\'s {", ".join(OPTIMIZERS)}; or "python:module:function", called with '
        "the learning rate, which returns an optimizer.",
    )
    optimizer_settings: Annotated[dict[Name, Number], Field(max_length=bounds.LISTED)] = Field(
        default_factory=dict,
        description="Further arguments of the optimizer, such as {momentum = 0.9} of SGD.",
    )
    schedule: Text = Field(
        default=USUAL.schedule,
        description=f"How the learning rate goes: {', '.join(SCHEDULES)}; or "
        '"python:module:function", called with the highest rate and the number of steps. '
        "CosineDecay rises over the first twentieth of the steps.",
    )
    weight_decay: Weight | None = Field(default=None, description="The optimizer's, as in Keras.")
    clipnorm: Weight | None = Field(
        default=None, description="Most that the gradient of a weight may have as its norm."
    )
    global_clipnorm: Weight | None = Field(
        default=None, description="Most that all gradients together may have as their norm."
    )
    clipvalue: Weight | None = Field(
        default=None, description="Most that a number in a gradient may be, either way."
    )
    use_ema: bool = Field(
        default=USUAL.use_ema,
        description="Whether the result has moving averages of the weights instead of the last.",
    )
    ema_momentum: Annotated[float, Field(ge=0, le=1)] = Field(
        default=USUAL.ema_momentum, description="Share that such an average keeps in a step."
    )
    frozen: Literal["stay", "train"] = Field(
        default="stay",
        description="Whether layers that do not train in the model stay so, or train as well. "
        "Layers that a technique has changed train in any case, and so do all where none would.",
    )
    regularizers: bool = Field(
        default=USUAL.regularizers,
        description="Whether the model's own regularizers count where there is a teacher, too.",
    )
    callbacks: References = Field(
        default=(),
        description='Keras callbacks: "python:module:name", a class or function that is called '
        "without arguments for every training.",
    )

    fit: Annotated[str, Field(max_length=bounds.PATH_CHARACTERS)] = Field(
        default="",
        description='"python:module:function" that trains students and candidates in the place of '
        "[distill]: called with (model, data, teacher, epochs), it returns the model.",
    )

    loss: Annotated[str, Field(max_length=bounds.PATH_CHARACTERS)] = Field(
        default="",
        description="What is learned from the labels by, in the place of the task's own loss: the "
        "name of one of Keras's, \"compiled\" (the one that the teacher's .keras file was compiled "
        'with), or "python:module:function" of (targets, outputs).',
    )

    @model_validator(mode="after")
    def _possible(self) -> "TrainingSection":
        try:
            options_of(None, self)
        except ConfigError as error:
            raise WrongValueError(error.message.rstrip("."), error.hint) from error
        return self


def options_of(data: DataSection | None, training: TrainingSection | None) -> TrainingOptions:
    """What `[data]` and `[training]` say of training; the usual where they say nothing."""
    found: dict[str, Any] = {} if training is None else training.model_dump()
    if data is not None:
        found |= {"augment": data.augment, "class_weights": data.class_weights}
    return TrainingOptions(**found)
