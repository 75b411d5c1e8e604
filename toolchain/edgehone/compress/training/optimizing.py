"""The optimizer that models are trained with, and how its learning rate goes, by Keras's names."""

from collections.abc import Callable, Mapping
from typing import Any

from edgehone.compress.training.options import TrainingOptions
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.system import user_code

WARM_UP = 0.05
"""Share of the steps in which the learning rate rises in a straight line from 0: the gradients of a
model that has just been cut are large, and Adam knows nothing of them yet (Le & Hua 2021)."""

LAST = 0.01
"""Share of the highest rate that rates end at which never reach 0."""


def optimizer_of(options: TrainingOptions, highest: float, steps: int) -> Any:
    """A Keras optimizer for so many steps, whose learning rate is `highest` at most.

    Raises ConfigError for settings that the optimizer does not have.
    """
    keras = backend.keras()
    rate = rate_of(options.schedule, highest, steps)
    if user_code.is_reference(options.optimizer):
        found = user_code.call(options.optimizer, (rate,), ConfigError)
        if not isinstance(found, keras.optimizers.Optimizer):
            raise ConfigError(
                f"{options.optimizer} returned {type(found).__name__}, not an optimizer of Keras.",
                "Return one, made with the learning rate that the function is called with.",
            )
        return found
    settings = {**options.update_settings, **options.optimizer_settings}
    try:
        return getattr(keras.optimizers, options.optimizer)(learning_rate=rate, **settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{options.optimizer} cannot be made with {_written(settings)}: {error}.",
            f"See keras.optimizers.{options.optimizer}.",
        ) from error


def rate_of(schedule: str, highest: float, steps: int) -> Any:
    """Keras's learning rate by step."""
    schedules = backend.keras().optimizers.schedules
    if user_code.is_reference(schedule):
        return user_code.call(schedule, (highest, steps), ConfigError)
    usual: Mapping[str, Callable[[], Any]] = {
        "constant": lambda: highest,
        "CosineDecay": lambda: _cosine(highest, steps),
        "CosineDecayRestarts": lambda: schedules.CosineDecayRestarts(highest, -(-steps // 3)),
        "PolynomialDecay": lambda: schedules.PolynomialDecay(highest, steps, 0.0),
        "ExponentialDecay": lambda: schedules.ExponentialDecay(highest, steps, LAST),
        "InverseTimeDecay": lambda: schedules.InverseTimeDecay(highest, steps, 1 / LAST - 1),
    }
    return usual[schedule]()


def _cosine(highest: float, steps: int) -> Any:
    rising = int(WARM_UP * steps)
    decay = backend.keras().optimizers.schedules.CosineDecay
    if not rising:
        return decay(highest, steps)
    # From the rate of the second step on, so that the first changes something.
    return decay(highest / rising, steps - rising, warmup_target=highest, warmup_steps=rising)


def swapping(optimizer: Any, variables: list[Any]) -> Callable[..., None]:
    """Changes places of weights and their moving averages, where the optimizer has some."""

    def swap(*_: Any) -> None:
        for variable, average in zip(
            variables, optimizer._model_variables_moving_average, strict=True
        ):
            kept = backend.keras().ops.copy(variable.value)
            variable.assign(average)
            average.assign(kept)

    return swap


def _written(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value!r:.40}" for name, value in settings.items()) or "no settings"
