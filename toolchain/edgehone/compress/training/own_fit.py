"""A user's own function that trains a model in the place of what trains here."""

from typing import Any

import numpy as np

from edgehone.compress._base import Outcome, TrainingContext
from edgehone.compress._copies import trainable_copy
from edgehone.compress.training.held import (
    Held,
    named_weights,
    shared_rule,
    weights_of,
    zeros_rule,
)
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.rewrite import rewrite
from edgehone.system import user_code

EPOCHS = "fitted_epochs"
"""Under which name a step's detail has the passes over the data that a function was asked for."""


def own_fit(model: Any, context: TrainingContext, epochs: int) -> Outcome:
    """What the options' function makes of a copy of the model: it is called with (model, data,
    teacher, epochs), of which model and teacher are copies, and returns a model of the same inputs
    and outputs. What the context holds is put back into the weights that it returns.

    Raises ConfigError when the function fails or returns something else.
    """
    name = context.options.fit
    backend.seed(context.seed)
    student = trainable_copy(model, context.options.frozen)
    teacher = None if context.teacher is None else rewrite(context.teacher, lambda _: None)
    found = user_code.call(name, (student, context.data, teacher, epochs), ConfigError)
    if not isinstance(found, backend.keras().Model):
        raise ConfigError(
            f"{name} returned {type(found).__name__}, not a Keras model.", "Return the model."
        )
    for what in ("inputs", "outputs"):
        shapes = [
            [tuple(each.shape) for each in getattr(net, what) or ()] for net in (model, found)
        ]
        if shapes[0] != shapes[1]:
            raise ConfigError(
                f"{name} returned a model with {what} of shapes {shapes[1]}, not {shapes[0]}.",
                "Return a model that takes the same samples and gives the same kind of answer.",
            )
    if not all(np.isfinite(each).all() for each in found.get_weights()):
        return Outcome(model, f"{name} returned weights that are not finite", {EPOCHS: epochs})
    _hold(found, model, context.held)
    return Outcome(found, detail={EPOCHS: epochs})


def _hold(found: Any, before: Any, held: Held) -> None:
    """Put zeros, and the means of values that are shared, back where they were before."""
    old, new = named_weights(before), named_weights(found)
    for names, rule in ((held.shared, shared_rule), (held.zeros, zeros_rule)):
        for name in sorted(names):
            pairs = zip(weights_of(name, old), weights_of(name, new), strict=False)
            for one, other in pairs:
                if one.shape == other.shape:
                    other.assign(rule(np.asarray(one))(other.value))
