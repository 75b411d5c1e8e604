"""A loss by Keras's name, of a model that was compiled with it, or the user's own function."""

from collections.abc import Mapping
from typing import Any

from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.system import user_code
from edgehone.tasks.kinds import Link
from edgehone.values import Plain


def own_loss(asked: str, settings: Plain, link: Link, columns: int) -> Any:
    """A loss of (training targets, logits or plain outputs) of a loss of (targets, outputs).

    asked: "python:module:function", or the name of a loss of Keras, in either way of writing it;
    settings: of its class.
    link, columns: what makes outputs of logits, and how many outputs the model has. A loss is
    shown outputs, or the logits if that is what it is for, and labels in columns where it takes
    them so. Raises ConfigError for an unknown loss.
    """
    loss = known_loss(asked, settings)
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    logits = isinstance(config, Mapping) and bool(config.get("from_logits"))
    name = type(loss).__name__
    in_columns = "Categorical" in name and "Sparse" not in name

    def called(targets: Any, predicted: Any) -> Any:
        shown = _shown(predicted, link, columns, logits=logits)
        return loss(_targets(targets, shown, in_columns=in_columns), shown)

    return called


def known_loss(asked: str, settings: Plain) -> Any:
    """The loss itself, of (targets, outputs). Raises ConfigError for an unknown one."""
    keras = backend.keras()
    if user_code.is_reference(asked):
        function = user_code.function(asked)
        return function() if isinstance(function, type) else function
    try:
        if settings:
            return getattr(keras.losses, asked).from_config(dict(settings))
        found = keras.losses.get(asked)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"Keras has no loss {asked!r}.",
            'Write one of its names, such as "categorical_focal_crossentropy", or '
            '"python:module:function".',
        ) from error
    return _instance(found)


def _instance(found: Any) -> Any:
    """The class of a loss, of whose name Keras gives the function: it knows what it takes."""
    losses = backend.keras().losses
    if not callable(found) or isinstance(found, losses.Loss):
        return found
    wanted = getattr(found, "__name__", "").replace("_", "")
    for name in dir(losses):
        kind = getattr(losses, name)
        if isinstance(kind, type) and name.lower() == wanted:
            return kind()
    return found


def _shown(predicted: Any, link: Link, columns: int, *, logits: bool) -> Any:
    """What the loss is shown of what trains: a model of one column trains as two logits."""
    ops = backend.keras().ops
    single = link == "softmax" and columns == 1
    if logits or link == "identity":
        return predicted[..., 1:] - predicted[..., :1] if single else predicted
    found = ops.sigmoid(predicted) if link == "sigmoid" else ops.softmax(predicted)
    return found[..., 1:] if single else found


def _targets(targets: Any, shown: Any, *, in_columns: bool) -> Any:
    """Targets beside what the loss is shown; labels, of which Keras makes fractions on the way, as
    integers again.
    """
    ops, columns = backend.keras().ops, shown.shape[-1]
    if len(targets.shape) != len(shown.shape) - 1:
        return targets
    if columns == 1:
        return ops.cast(targets[..., None], shown.dtype)
    labels = ops.cast(targets, "int32")
    return ops.one_hot(labels, columns, dtype=shown.dtype) if in_columns else labels
